import { Buffer } from "node:buffer";
import { setTimeout as delay } from "node:timers/promises";
import { packet } from "../../support/relay/client.ts";
import type { Arena, Attack } from "../arena.ts";
import { MOST_WAITING } from "../arena.ts";
import { BINARY, clientFrame, textFrame, type Wire } from "../wire.ts";
import { BROADCAST, dhcpOffer, ethernet, igmpReports, routerAdvertisement } from "./hostile-frames.ts";

/** Members that get every message, so that the relay sends each one this many times. */
const AUDIENCE = 100;
const RECEIVERS = 6;
/** Greatest size of a `register`: 227 kB of JSON. */
const ENDPOINTS = 256;
const ADDRESSES = 16;
/** Members with so many registrations that the answer to a `join` fills a session's control queue of 1 MiB. */
const BULKY = 12;
/**
 * Bytes of the frames of one message: each of the pool's sizes, so that they share blocks with bystanders' messages.
 */
const VOLLEYS = [100, 800, 1_500, 3_000, 9_000, 15_000, 17_000, 30_000, 60_000];
const FRAME = 1_400;
const FROM = "127.0.1.1";
/** Messages that fill a connection without a reader, and milliseconds that it stays full. */
const FILLING = 120;
const SLOW_MS = 300;

/**
 * Threat model: a member, by its control messages.
 *
 * Floods with registers that the relay has to tell to 100 members, with refused registers, joins, leaves, pings whose answers
 * it does not read, hellos, huge and unknown messages. Volleys mix text with records in one write, so that the relay flushes,
 * joins, leaves or closes while ranges of a message stand in others' outboxes.
 */
export const control: Attack = { name: "control", run: (arena) => new Control(arena).run() };

class Control {
  readonly #arena: Arena;
  #senders: Wire[] = [];
  #mute: Wire[] = [];
  /** The two members of the small network: one stays in it, the other joins and leaves. */
  #greeted: Wire[] = [];
  #single: Wire[] = [];

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  async run(): Promise<void> {
    const arena = this.#arena;
    const { open, given } = arena.plan.attacker;
    const both = [open.vni, given.vni];
    await arena.crowd(RECEIVERS, (index) => this.#receiver(index, both));
    this.#senders = await arena.crowd(4, () => this.#member(both));
    this.#greeted = await arena.crowd(1, () => this.#greetedMember());
    this.#single = await arena.crowd(1, () => this.#member([open.vni]));
    this.#mute = await arena.crowd(4, () => this.#muteMember());
    await arena.crowd(BULKY, async () => {
      const wire = await this.#member([given.vni]);
      wire.say(this.#register(given.vni));
      arena.did("bulky members");
    });
    void arena.crowd(AUDIENCE, () => this.#member([open.vni]));
    await arena.play(
      [
        [6, "volleys", () => this.#volley()],
        [3, "traps", () => this.#trap()],
        [6, "joins beside records", () => this.#joinBeside()],
        [2, "registers of 227 kB", () => this.#say(this.#register(open.vni))],
        [2, "registers that are refused", () => this.#say(this.#refusedRegister())],
        [2, "joins and leaves", () => this.#joinAndLeave()],
        [2, "pings unread", () => this.#pingUnread()],
        [1, "hellos", () => this.#hello()],
        [1, "huge messages", () => this.#huge()],
        [2, "unknown messages", () => this.#unknown()],
      ],
      3,
    );
  }

  #member(join: readonly number[], from = FROM): Promise<Wire> {
    return this.#arena.member({ token: this.#arena.plan.attacker.token, join, from });
  }

  /** Opens a member that pauses its reading from time to time, and has an address known to all. */
  async #receiver(index: number, join: readonly number[]): Promise<Wire> {
    const wire = await this.#member(join);
    const timer = setInterval(() => {
      if (this.#arena.random.below(2) === 0) wire.socket.pause();
      else wire.socket.resume();
    }, 50);
    wire.socket.once("close", () => clearInterval(timer));
    const hello = ethernet({ to: BROADCAST, from: receiverMac(index), etherType: 0x88b5 }, Buffer.alloc(46));
    for (const vni of join) wire.sendBinary(packet(vni, hello));
    return wire;
  }

  async #muteMember(): Promise<Wire> {
    const { open, given } = this.#arena.plan.attacker;
    const wire = await this.#member([open.vni, given.vni]);
    wire.socket.pause();
    return wire;
  }

  /** Returns an open member; replaces a closed one. */
  async #one(wires: Wire[], make: () => Promise<Wire>): Promise<Wire> {
    const at = this.#arena.random.below(wires.length);
    const wire = wires[at];
    if (wire !== undefined && !wire.isClosed) return wire;
    const other = await make();
    // Another lane may have replaced it.
    const quicker = wires[at];
    if (quicker !== undefined && !quicker.isClosed) {
      other.socket.destroy();
      return quicker;
    }
    wires[at] = other;
    return other;
  }

  #sender(): Promise<Wire> {
    const { open, given } = this.#arena.plan.attacker;
    return this.#one(this.#senders, () => this.#member([open.vni, given.vni]));
  }

  async #say(message: object): Promise<void> {
    const wire = await this.#sender();
    if (wire.waiting < MOST_WAITING) wire.say(message);
  }

  /** Builds the records of one message to one receiver or several, in one network or both. */
  #records(vni: number, extra?: Buffer, bytes = this.#arena.random.of(VOLLEYS), receiver?: number): Buffer {
    const { random } = this.#arena;
    const records: Buffer[] = [];
    let left = bytes;
    const to = receiver ?? random.below(RECEIVERS);
    const spread = receiver !== undefined || random.below(2) === 0 ? 1 : RECEIVERS;
    while (left > 0) {
      const size = Math.min(left, FRAME);
      const destination = receiverMac(spread === 1 ? to : random.below(spread));
      const frame = ethernet(
        { to: destination, from: 0x0200_0000_0b00, etherType: 0x88b5 },
        Buffer.alloc(size),
      );
      records.push(packet(vni, frame));
      left -= size;
    }
    if (extra !== undefined) records.splice(random.below(records.length + 1), 0, packet(vni, extra));
    return Buffer.concat(records);
  }

  /** Sends records and control messages of both networks in one write. */
  async #volley(): Promise<void> {
    const { random, plan } = this.#arena;
    const wire = await this.#sender();
    if (wire.waiting > MOST_WAITING) return;
    const vnis = [plan.attacker.open.vni, plan.attacker.given.vni];
    const parts: Buffer[] = [];
    for (let left = 2 + random.below(10); left > 0; left--) {
      const [vni = 0, other = 0] = random.below(2) === 0 ? vnis : vnis.toReversed();
      parts.push(clientFrame(BINARY, this.#records(vni)));
      const way = random.below(6);
      if (way < 2) parts.push(textFrame({ type: "register", vni: other, endpoints: [] }));
      else if (way === 2) parts.push(textFrame({ type: "leave", vni }), textFrame({ type: "join", vni }));
      else if (way === 3) parts.push(textFrame({ type: "ping", id: 1 }));
    }
    wire.socket.write(Buffer.concat(parts));
  }

  /**
   * Sends large messages to a receiver that does not read, and in the same write joins a network with only that
   * receiver. The hub then queries both there, which flushes the receiver's records of the other network. Waits until
   * others use the blocks before the receiver reads.
   */
  async #joinBeside(): Promise<void> {
    const { random, plan } = this.#arena;
    const { open, pair } = plan.attacker;
    const receiver = await this.#one(this.#greeted, () => this.#greetedMember());
    const wire = await this.#one(this.#single, () => this.#member([open.vni]));
    if (wire.waiting > 0 || receiver.socket.isPaused()) return delay(SLOW_MS);
    receiver.socket.pause();
    for (let left = FILLING; left > 0; left--) {
      const size = random.of(VOLLEYS.slice(-2));
      wire.socket.write(
        Buffer.concat([
          textFrame({ type: "leave", vni: pair.vni }),
          clientFrame(BINARY, this.#records(open.vni, undefined, size, RECEIVERS)),
          textFrame({ type: "join", vni: pair.vni }),
        ]),
      );
      // Each in its own turn of the event loop.
      await delay(1);
    }
    await delay(SLOW_MS);
    receiver.socket.resume();
  }

  /** Returns a member that is alone in the small network. The hub queries newcomers there because it has groups. */
  async #greetedMember(): Promise<Wire> {
    const { open, pair } = this.#arena.plan.attacker;
    const wire = await this.#member([open.vni, pair.vni]);
    const mac = receiverMac(RECEIVERS);
    wire.sendBinary(
      packet(open.vni, ethernet({ to: BROADCAST, from: mac, etherType: 0x88b5 }, Buffer.alloc(46))),
    );
    wire.sendBinary(packet(pair.vni, igmpReports(this.#arena.random, mac)));
    return wire;
  }

  /**
   * Fills a session's control queue with the answer to one `join`, and sends records in the same write. One frame makes
   * the hub give notice, so the relay closes the session in the middle of its message.
   */
  async #trap(): Promise<void> {
    const arena = this.#arena;
    if (!arena.hasRoom) return;
    const { token, given } = arena.plan.attacker;
    const wire = await arena.member({ token, join: [], from: FROM });
    wire.socket.pause();
    const offer = dhcpOffer(0x0200_0000_0c00 + arena.random.below(200));
    wire.socket.write(
      Buffer.concat([
        textFrame({ type: "join", vni: given.vni }),
        clientFrame(BINARY, this.#records(given.vni, offer)),
        clientFrame(BINARY, this.#records(given.vni, routerAdvertisement(0x0200_0000_0d00))),
      ]),
    );
    // Another sender's message makes the relay flush the receivers' outboxes.
    const other = await this.#sender();
    other.sendBinary(this.#records(given.vni));
    wire.socket.once("close", () => arena.did("traps closed"));
    setTimeout(() => wire.socket.destroy(), 2_000);
  }

  #register(vni: number): object {
    const base = this.#arena.random.below(2 ** 24) * 2 ** 16;
    const endpoints = Array.from({ length: ENDPOINTS }, (_, index) => ({
      mac: (0x0200_0000_0000 + base + index)
        .toString(16)
        .padStart(12, "0")
        .replaceAll(/..(?=.)/g, "$&:"),
      addresses: Array.from(
        { length: ADDRESSES },
        (_, at) => `2001:0db8:0000:0000:0000:${(base % 65_536).toString(16)}:${index.toString(16)}:${at}`,
      ),
      name: `attacker-${"x".repeat(200)}`,
    }));
    return { type: "register", vni, endpoints };
  }

  #refusedRegister(): object {
    const { random, plan } = this.#arena;
    const { open, given } = plan.attacker;
    const { vni } = random.of([open, given]);
    const [one, two] = [receiverMac(random.below(RECEIVERS)), 0x0100_0000_0001].map((mac) => {
      return mac
        .toString(16)
        .padStart(12, "0")
        .replaceAll(/..(?=.)/g, "$&:");
    });
    const bad = { mac: "nothing", addresses: ["nowhere"] };
    return { type: "register", vni, endpoints: [{ mac: one, addresses: ["10.66.0.1"] }, { mac: two }, bad] };
  }

  async #joinAndLeave(): Promise<void> {
    const wire = await this.#sender();
    if (wire.waiting > MOST_WAITING) return;
    const { open, given } = this.#arena.plan.attacker;
    const { vni } = this.#arena.random.of([open, given]);
    const pair = [textFrame({ type: "leave", vni }), textFrame({ type: "join", vni })];
    wire.socket.write(Buffer.concat(Array.from({ length: 20 }, () => pair).flat()));
  }

  async #pingUnread(): Promise<void> {
    const wire = await this.#one(this.#mute, () => this.#muteMember());
    if (wire.waiting > MOST_WAITING) return;
    const ping = textFrame({ type: "ping", id: "x".repeat(64) });
    const { vni } = this.#arena.plan.attacker.open;
    const pings = Array.from({ length: 2_000 }, () => ping);
    wire.socket.write(
      Buffer.concat([...pings, clientFrame(BINARY, this.#records(vni)), ...pings.slice(0, 50)]),
    );
  }

  async #hello(): Promise<void> {
    const arena = this.#arena;
    if (!arena.hasRoom) return;
    const wire = await arena.wire({ from: FROM });
    const { token } = arena.plan.attacker;
    const whole = {
      type: "hello",
      version: 1,
      client: { name: "attacker", software: "x".repeat(256), os: "\u0000\u001b[2J" },
      features: Array.from({ length: 64 }, () => "batch"),
      auth: { method: "token", token },
    };
    const odd = arena.random.of<object | string>([
      whole,
      { ...whole, version: arena.random.of([0, 2, -1, 1e308]) },
      { ...whole, auth: { method: "device", device: "x".repeat(256), signature: "x".repeat(512) } },
      { ...whole, auth: { method: "none" } },
      { ...whole, features: Array.from({ length: 10_000 }, () => "offload") },
      { type: "hello" },
      "{",
      "[]",
      "null",
      '{"type":"hello","__proto__":{"version":1},"version":1,"client":{"name":"a"}}',
    ]);
    wire.say(odd);
    wire.say(odd);
    wire.say({ type: "ping", id: 1 });
    setTimeout(() => wire.socket.destroy(), arena.random.below(500));
  }

  async #huge(): Promise<void> {
    const { random } = this.#arena;
    const size = 200_000;
    const text = random.of([
      "[".repeat(size),
      `{"type":"ping","id":${'{"a":'.repeat(size / 8)}1${"}".repeat(size / 8)}}`,
      `{"type":"${"x".repeat(size)}"}`,
      `{"type":"unknown",${Array.from({ length: 15_000 }, (_, i) => `"k${i}":1`).join(",")}}`,
      `{"type":"register","vni":1,"endpoints":[${'{"mac":"x"},'.repeat(size / 12)}{}]}`,
      "x".repeat(500_000),
    ]);
    await this.#sayRaw(text);
  }

  async #unknown(): Promise<void> {
    const { random } = this.#arena;
    const wire = await this.#sender();
    if (wire.waiting > MOST_WAITING) return;
    const type = random.of(["welcome", "challenge", "member", "joined", "constructor", "toString", ""]);
    const message = textFrame({ type, vni: random.below(2 ** 24), id: random.next() });
    wire.socket.write(Buffer.concat(Array.from({ length: 100 }, () => message)));
  }

  async #sayRaw(text: string): Promise<void> {
    const wire = await this.#sender();
    if (wire.waiting < MOST_WAITING) wire.say(text);
  }
}

function receiverMac(index: number): number {
  return 0x0200_0000_0e00 + index;
}
