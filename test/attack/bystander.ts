import { Buffer } from "node:buffer";
import { setTimeout as delay } from "node:timers/promises";
import { Random } from "../fuzz/random.ts";
import { packet, parseMessage, type WireRecord } from "../support/relay/client.ts";
import { HEAD_BYTES, type Head, markOf, readHead, writeFrame } from "./payload.ts";
import type { TenantPlan } from "./plan.ts";
import { type Control, TEXT, Wire } from "./wire.ts";

/** Milliseconds between two rounds of pings, and between bulk messages and broadcasts beside them. */
const ROUND_MS = 10;
const BULK_EVERY = 5;
const BROADCAST_EVERY = 10;
/** Greatest number of records in a bulk message, and bytes of each frame: messages of every block size of the pool. */
const BULK_RECORDS = 24;
const BULK_BYTES = 1_400;
/** Milliseconds that frames in transit may take after the traffic has ended. */
const SETTLE_MS = 40_000;
/** Milliseconds between two sessions of the tenant that come and go. */
const NEWCOMER_MS = 1_000;
const EXAMPLES = 5;

const BROADCAST = 0xffff_ffff_ffff;
const HUB = 0x024c_4e00_0000;

/** Flows, each with its own sequence: from the first member, and from the second. */
const FLOWS = ["ping", "pong", "bulk", "broadcast"] as const;
type Flow = (typeof FLOWS)[number];

/** The results of one tenant in a phase. */
export interface Seen {
  sent: number;
  received: number;
  lost: number;
  duplicates: number;
  /** Number of messages with bytes that this tenant did not send. */
  foreign: number;
  /** Round trips, in milliseconds. */
  trips: number[];
  /** Times that new sessions took to open, in milliseconds. */
  newcomers: number[];
  /** Refused new sessions, with the reason. */
  refused: string[];
  /** Sessions that ended, with the reason, and unexpected messages, as hex or text. */
  problems: string[];
}

/** A tenant that does not attack: two members send each other all kinds of frames and check every byte. */
export class Bystander {
  readonly #url: URL;
  readonly #plan: TenantPlan;
  readonly #mark: Buffer;
  readonly #random: Random;
  readonly #wires: Wire[] = [];
  /** Times of frames in transit, by flow and sequence number. */
  readonly #underWay = new Map<string, number>();
  /** Frames that counted as lost. */
  readonly #late = new Set<string>();
  readonly #sequences = new Map<number, number>();
  #seen = nothing();
  #isSending = false;
  #coming = Promise.resolve();
  #round = 0;

  constructor(url: URL, plan: TenantPlan, seed: number) {
    this.#url = url;
    this.#plan = plan;
    this.#mark = markOf(plan.tenant, seed);
    this.#random = new Random(seed + plan.vni);
  }

  /** Connects both members, and waits until each has received a frame of the other. */
  async open(): Promise<void> {
    for (const member of [0, 1]) {
      const { token, vni, tenant } = this.#plan;
      const options = { url: this.#url, token, name: `${tenant}-${member}`, join: [vni] };
      const wire = await Wire.member(options, (opcode, payload) => this.#message(member, opcode, payload));
      wire.socket.once("close", () => {
        if (!this.#isSending) return;
        this.#seen.problems.push(`the session of ${tenant}-${member} ended`);
      });
      this.#wires.push(wire);
    }
    for (const member of [0, 1]) this.#send(member, "broadcast", HEAD_BYTES + 40);
    await this.#settle();
    if (this.#underWay.size > 0) throw new Error("the bystanders' first frames did not arrive");
  }

  /** Sends and measures until {@link end}. */
  begin(): void {
    this.#seen = nothing();
    this.#isSending = true;
    void this.#rounds();
    // A frame of the last phase may still arrive.
    this.#coming = this.#coming.then(() => this.#newcomers());
  }

  /** Stops sending, waits for the frames in transit, and returns the results. */
  async end(): Promise<Seen> {
    this.#isSending = false;
    await this.#settle();
    this.#seen.lost = this.#underWay.size;
    // A frame that arrives in a later phase has counted as lost, so it is no duplicate.
    for (const key of this.#underWay.keys()) this.#late.add(key);
    this.#underWay.clear();
    return this.#seen;
  }

  async #rounds(): Promise<void> {
    let next = performance.now();
    while (this.#isSending) {
      this.#round++;
      for (const member of [0, 1]) {
        this.#send(member, "ping", 64 + this.#random.below(100));
        if (this.#round % BULK_EVERY === member) this.#sendBulk(member);
        if (this.#round % BROADCAST_EVERY === member)
          this.#send(member, "broadcast", 64 + this.#random.below(1_300));
      }
      next = Math.max(next + ROUND_MS, performance.now());
      await delay(next - performance.now());
    }
  }

  async #newcomers(): Promise<void> {
    const { token, vni, tenant } = this.#plan;
    while (this.#isSending) {
      const began = performance.now();
      try {
        const wire = await Wire.member({ url: this.#url, token, name: `${tenant}-new`, join: [vni] });
        this.#seen.newcomers.push(performance.now() - began);
        wire.socket.destroy();
      } catch (error) {
        this.#seen.refused.push((error as Error).message);
      }
      await delay(NEWCOMER_MS);
    }
  }

  #send(member: number, flow: Flow, bytes: number): void {
    this.#wires[member]?.sendBinary(this.#record(member, flow, bytes));
  }

  #sendBulk(member: number): void {
    const count = 1 + this.#random.below(BULK_RECORDS);
    const records = Array.from({ length: count }, () => this.#record(member, "bulk", BULK_BYTES));
    this.#wires[member]?.sendBinary(Buffer.concat(records));
  }

  #record(member: number, flow: Flow, bytes: number, sequence?: number): Buffer {
    const number = FLOWS.indexOf(flow) * 2 + member;
    const own = sequence ?? this.#sequences.get(number) ?? 0;
    if (sequence === undefined) this.#sequences.set(number, own + 1);
    const destination = flow === "broadcast" ? BROADCAST : macOf(1 - member);
    const frame = Buffer.alloc(bytes);
    writeFrame(frame, { destination, source: macOf(member), flow: number, sequence: own }, this.#mark);
    this.#seen.sent++;
    this.#underWay.set(`${number} ${own}`, performance.now());
    return packet(this.#plan.vni, frame);
  }

  #message(member: number, opcode: number, payload: Buffer): void {
    if (opcode === TEXT) return this.#control(JSON.parse(payload.toString()) as Control, payload);
    if (opcode !== 2) return;
    let records: WireRecord[];
    try {
      records = parseMessage(payload);
    } catch {
      return this.#foreign("a malformed message", payload);
    }
    for (const record of records) this.#received(member, record);
  }

  #received(member: number, { type, flags, vni, reserved, frame }: WireRecord): void {
    const isPlain = type === 1 && flags === 0x0800_0000 && vni === this.#plan.vni && reserved === 0;
    if (!isPlain) return this.#foreign("a record of another network", frame);
    const head = readHead(frame);
    if (head === undefined) {
      if (!isHubs(frame, vni)) this.#foreign("a frame that no bystander sent", frame);
      return;
    }
    const expected = Buffer.alloc(frame.length);
    writeFrame(expected, { ...head, ...addressesOf(head) }, this.#mark);
    if (head.flow % 2 === member || !expected.equals(frame)) return this.#foreign("another frame", frame);
    this.#arrived(member, head, frame.length);
  }

  #arrived(member: number, { flow, sequence }: Head, bytes: number): void {
    const key = `${flow} ${sequence}`;
    const at = this.#underWay.get(key);
    if (at === undefined) {
      if (!this.#late.delete(key)) this.#seen.duplicates++;
      return;
    }
    this.#underWay.delete(key);
    this.#seen.received++;
    const kind = FLOWS[flow >> 1];
    if (kind === "ping") {
      this.#wires[member]?.sendBinary(this.#record(member, "pong", bytes, sequence));
      // The reply carries the time of the request.
      this.#underWay.set(`${FLOWS.indexOf("pong") * 2 + member} ${sequence}`, at);
    } else if (kind === "pong") this.#seen.trips.push(performance.now() - at);
  }

  /** Members of the tenant come and go; bystanders get no other control messages. */
  #control({ type, member }: Control, payload: Buffer): void {
    const own = this.#plan.tenant;
    const text = payload.toString();
    const isOwn = type !== "member" || (member as { name?: string } | undefined)?.name?.startsWith(`${own}-`);
    const isExpected = ["challenge", "welcome", "joined", "member"].includes(type);
    if (isOwn !== true || text.includes("attacker"))
      return this.#foreign("another tenant's message", payload);
    if (!isExpected) this.#problem(`was told: ${text.slice(0, 200)}`);
  }

  #foreign(what: string, bytes: Buffer): void {
    this.#seen.foreign++;
    this.#problem(`${what}: ${bytes.toString("hex", 0, 120)}`);
  }

  #problem(what: string): void {
    if (this.#seen.problems.length < EXAMPLES) this.#seen.problems.push(`${this.#plan.tenant}: ${what}`);
  }

  async #settle(): Promise<void> {
    const until = performance.now() + SETTLE_MS;
    while (this.#underWay.size > 0 && performance.now() < until) {
      if (this.#wires.some((wire) => wire.isClosed)) return;
      await delay(ROUND_MS);
    }
  }
}

function nothing(): Seen {
  return {
    sent: 0,
    received: 0,
    lost: 0,
    duplicates: 0,
    foreign: 0,
    trips: [],
    newcomers: [],
    refused: [],
    problems: [],
  };
}

/** Both tenants have the same addresses, so only the VNI distinguishes them. */
function macOf(member: number): number {
  return 0x0200_0000_0a00 + member;
}

function addressesOf({ flow }: Head): { destination: number; source: number } {
  const isBroadcast = FLOWS[flow >> 1] === "broadcast";
  return { destination: isBroadcast ? BROADCAST : macOf(1 - (flow % 2)), source: macOf(flow % 2) };
}

/** Returns whether the network's hub sent the frame: IGMP or IPv6 from its MAC, with only zeros behind the packet. */
function isHubs(frame: Buffer, vni: number): boolean {
  if (frame.readUIntBE(6, 6) !== HUB + vni || frame.length < 34) return false;
  const etherType = frame.readUInt16BE(12);
  if (etherType === 0x0806) return frame.subarray(42).every((byte) => byte === 0);
  if (etherType !== 0x0800 && etherType !== 0x86dd) return false;
  const bytes = etherType === 0x0800 ? frame.readUInt16BE(16) : 40 + frame.readUInt16BE(18);
  return frame.subarray(14 + bytes).every((byte) => byte === 0);
}
