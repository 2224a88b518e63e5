import { Random } from "../random.ts";
import { hello, SessionPool, type Slot } from "../session-pool.ts";
import type { Subject, Target } from "../subject.ts";

const SESSIONS = 24;
/** The VNIs of the networks in a new store, and one without a network. */
const VNIS = [101, 102, 9_999] as const;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Every kind of message of a client. */
const MESSAGES: readonly Json[] = [
  ...VNIS.flatMap((vni): Json[] => [
    { type: "join", vni },
    { type: "leave", vni },
    { type: "register", vni, endpoints: [] },
    { type: "register", vni, endpoints: [{ mac: "02:00:00:00:00:01", addresses: ["10.20.0.5", "fd00::5"] }] },
    {
      ...{ type: "register", vni },
      endpoints: [
        { mac: "02:00:00:00:00:02", name: "two" },
        { mac: "02:00:00:00:00:03", addresses: ["10.20.0.6"] },
      ],
    },
  ]),
  { type: "ping", id: 7 },
  { type: "ping", id: "seven" },
  { type: "pong", id: 7 },
  JSON.parse(hello("wrong")) as Json,
  { ...(JSON.parse(hello("")) as { [key: string]: Json }), version: 2 },
  {
    ...{ type: "hello", version: 1, client: { name: "device", os: "linux" }, features: ["batch"] },
    auth: { method: "device", device: "0123456789abcdef", signature: "A".repeat(86) },
  },
  { type: "welcome", session: "x", features: [] },
  { type: "unheard-of" },
];

/** Invalid values that replace a part of a message. */
const ODD: readonly Json[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e308,
  2 ** 32,
  2 ** 53,
  "",
  "__proto__",
  "x".repeat(300),
  "\u0000\u202e\ud800",
  "ff:ff:ff:ff:ff:ff",
  "00:00:00:00:00:00",
  "::ffff:10.20.0.5",
  "224.0.0.1",
  [],
  {},
  [[[[[[[[]]]]]]]],
  { type: "join" },
];

/** Clients that send any message in any state. */
class ControlSubject implements Subject {
  readonly #pool: SessionPool;
  #received = 0;

  private constructor(pool: SessionPool) {
    this.#pool = pool;
  }

  static async open(): Promise<ControlSubject> {
    return new ControlSubject(await SessionPool.open(SESSIONS));
  }

  receive(bytes: Uint8Array, end: number, chance: number): void {
    this.#received++;
    const random = new Random(chance);
    this.#slot(random).events.text(messageOf(bytes, end, random));
    if (random.below(64) === 0) this.#pool.vary(random.next());
  }

  accounted(): number {
    return this.#received;
  }

  failure(): unknown {
    return this.#pool.failure;
  }

  async second(): Promise<void> {
    await this.#pool.settle();
    this.#pool.pass(1);
    const { slots } = this.#pool;
    for (const [index, slot] of slots.entries()) {
      if (slot.socket.closed) slots[index] = this.#pool.connect();
    }
    // A few send no hello.
    await Promise.all(slots.slice(SESSIONS / 8).map((slot) => this.#enter(slot)));
  }

  async isAlive(): Promise<boolean> {
    await this.#pool.settle();
    this.#pool.pass(100);
    const slot = this.#pool.connect();
    await this.#enter(slot);
    slot.events.text('{"type":"ping","id":"alive"}');
    const isAnswered = () => slot.socket.lastText === '{"type":"pong","id":"alive"}';
    // The session may wait for its tenant's turn.
    for (let turn = 0; turn < 1_000 && !isAnswered(); turn++) await this.#pool.settle();
    const lives = slot.open && isAnswered();
    this.#pool.cut(slot);
    return lives;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pool.close();
  }

  /** Returns a welcomed session most often, and sometimes one without a hello or a closed one. */
  #slot(random: Random): Slot {
    const { slots } = this.#pool;
    const index = random.below(slots.length);
    if (random.below(16) > 0) {
      const open = [...slots.slice(index), ...slots.slice(0, index)].find(isOpen);
      if (open !== undefined) return open;
    }
    const slot = slots[index] as Slot;
    if (!slot.socket.closed || random.below(4) === 0) return slot;
    const fresh = this.#pool.connect();
    slots[index] = fresh;
    return fresh;
  }

  async #enter(slot: Slot): Promise<void> {
    if (slot.open || slot.socket.closed) return;
    await this.#pool.welcome(slot, ["batch"]);
    this.#pool.join(slot);
  }
}

function isOpen({ open, socket }: Slot): boolean {
  return open && !socket.closed;
}

/** Builds a mostly valid text, or one with an error; sometimes the mutator's own bytes, which end the session. */
function messageOf(bytes: Uint8Array, end: number, random: Random): string {
  const way = random.below(512);
  if (way === 0) return Buffer.from(bytes.buffer, bytes.byteOffset, end).toString("latin1");
  if (way === 1) return JSON.stringify(arbitrary(random, 0));
  const message = random.of(MESSAGES);
  return JSON.stringify(way < 256 ? message : changed(message, random));
}

/** Returns the value with one of its parts replaced, removed or doubled. */
function changed(value: Json, random: Random, depth = 0): Json {
  if (value === null || typeof value !== "object") return random.of(ODD);
  if (depth > 0 && random.below(6) === 0) return random.of(ODD);
  if (Array.isArray(value)) {
    if (random.below(64) === 0) return Array.from({ length: 300 }, () => value[0] ?? null);
    if (value.length === 0 || random.below(8) === 0) return [...value, random.of(ODD)];
    const at = random.below(value.length);
    return value.with(at, changed(value[at] ?? null, random, depth + 1));
  }
  const keys = Object.keys(value).filter((key) => key !== "type" || random.below(64) === 0);
  const key = keys.length === 0 ? "type" : random.of(keys);
  const { [key]: before = null, ...others } = value;
  return random.below(8) === 0 ? others : { ...others, [key]: changed(before, random, depth + 1) };
}

function arbitrary(random: Random, depth: number): Json {
  const kind = random.below(depth > 4 ? 1 : 3);
  if (kind === 0) return random.of(ODD);
  const parts = Array.from({ length: random.below(4) }, () => arbitrary(random, depth + 1));
  if (kind === 1) return parts;
  return Object.fromEntries(parts.map((part) => [random.of(["type", "vni", "version", "auth", "id"]), part]));
}

/** Control messages of clients of `laneway.v1` to the relay. */
export const CONTROL_TARGET: Target = {
  name: "control",
  corpus: MESSAGES.map((message) => Buffer.from(JSON.stringify(message))),
  open: () => ControlSubject.open(),
};
