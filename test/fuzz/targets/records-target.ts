import { writeUndone } from "../../../shared/offload/complete-checksum.ts";
import { VIRTIO_BYTES } from "../../../shared/offload/virtio.ts";
import { FRAME_BYTES } from "../../../shared/protocol/constants.ts";
import {
  ENCAPSULATION_BYTES,
  encapsulate,
  OFFLOAD_BYTES,
  RECORD_OFFLOAD,
  RECORD_VXLAN,
} from "../../../shared/protocol/record.ts";
import { Block } from "../../../shared/tunnel/block.ts";
import { corpusFrames, plain, turned } from "../frames.ts";
import { Random } from "../random.ts";
import { SessionPool, type Slot } from "../session-pool.ts";
import type { Subject, Target } from "../subject.ts";

const SESSIONS = 12;
const VNIS = [101, 101, 101, 102, 9_999] as const;
const FRAMES = corpusFrames().flatMap((frame) => [frame, turned(frame)]);
const GOOD = plain(60);

/** The features that each session asks for, in the order of the sessions. */
const FEATURES = [["batch", "offload"], ["batch"], ["offload"], []] as const;

/** Sessions that send binary messages of several records to receivers of random speed. */
class RecordsSubject implements Subject {
  readonly #pool: SessionPool;
  #received = 0;
  /** Messages with blocks that were not returned. */
  readonly #kept = new Set<object>();

  private constructor(pool: SessionPool) {
    this.#pool = pool;
  }

  static async open(): Promise<RecordsSubject> {
    const subject = new RecordsSubject(await SessionPool.open(SESSIONS));
    await subject.#reconnect();
    return subject;
  }

  receive(bytes: Uint8Array, end: number, chance: number): void {
    this.#received++;
    const random = new Random(chance);
    const index = random.below(SESSIONS);
    // Most records have the announced length, because any other ends the session.
    const message = random.below(256) === 0 ? bytes.slice(0, end) : records(bytes, end, random, index);
    this.#say(this.#pool.slots[index] as Slot, message);
    if (random.below(64) === 0) this.#pool.vary(random.next());
  }

  accounted(): number {
    return this.#received;
  }

  failure(): unknown {
    return this.#pool.failure;
  }

  async second(): Promise<void> {
    await this.#pool.settle(() => this.#kept.size === 0);
    if (this.#kept.size > 0) this.#pool.failed(new Error(`${this.#kept.size} messages were not given back`));
    this.#pool.pass(1);
    await this.#reconnect();
  }

  async isAlive(): Promise<boolean> {
    for (const slot of this.#pool.slots.splice(0)) this.#pool.cut(slot);
    await this.#pool.settle();
    this.#pool.pass(1_000);
    for (let i = 0; i < SESSIONS; i++) this.#pool.slots.push(this.#pool.connect());
    await this.#reconnect();
    const [from, to] = this.#pool.slots as [Slot, Slot];
    const before = to.socket.messages;
    this.#say(from, recordOf(GOOD, GOOD.length, 101, false));
    await this.#pool.settle();
    return to.socket.messages > before;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pool.close();
  }

  #say(slot: Slot, message: Uint8Array): void {
    const held = {};
    this.#kept.add(held);
    const takeBack = () => {
      if (!this.#kept.delete(held)) this.#pool.failed(new Error("a message was given back twice"));
    };
    slot.events.binary(new Block(message, { takeBack }), message.length);
  }

  async #reconnect(): Promise<void> {
    const { slots } = this.#pool;
    for (const [index, old] of slots.entries()) {
      const slot = old.socket.closed ? this.#pool.connect() : old;
      slots[index] = slot;
      if (slot.open) continue;
      await this.#pool.welcome(slot, FEATURES[index % FEATURES.length] ?? []);
      this.#pool.join(slot);
    }
  }
}

/** Builds up to four records, the first with the mutator's frame. */
function records(bytes: Uint8Array, end: number, random: Random, index: number): Uint8Array {
  const [hasBatch, hasOffload] = [index % 4 < 2, index % 2 === 0];
  const count = hasBatch ? 1 + random.below(4) : 1;
  const parts = Array.from({ length: count }, (_, i) => {
    const frame = i === 0 ? bytes : random.of(FRAMES);
    const size = Math.min(i === 0 ? end : frame.length, FRAME_BYTES);
    const isOffload = random.below(hasOffload ? 2 : 64) === 0;
    const record = recordOf(frame, size, random.of(VNIS), isOffload);
    if (isOffload && random.below(2) === 0) random.fill(record, ENCAPSULATION_BYTES, OFFLOAD_BYTES);
    return record;
  });
  const message = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    message.set(part, at);
    at += part.length;
  }
  return message;
}

/** Returns a frame as a record; of type 2 with an unfinished checksum, and with segmentation if it is large. */
function recordOf(frame: Uint8Array, size: number, vni: number, isOffload: boolean): Uint8Array {
  // The least length of a record's frame.
  const length = Math.max(size, 14);
  const at = isOffload ? OFFLOAD_BYTES : ENCAPSULATION_BYTES;
  const record = new Uint8Array(at + length);
  record.set(frame.subarray(0, size), at);
  encapsulate(record, 0, record.length, vni, isOffload ? RECORD_OFFLOAD : RECORD_VXLAN);
  if (isOffload && length > 54) writeUndone(record, at - VIRTIO_BYTES, at, record.length, at + 34, 600);
  return record;
}

/** Binary messages of clients of `laneway.v1` to the relay. */
export const RECORDS_TARGET: Target = {
  name: "records",
  corpus: [...FRAMES, recordOf(GOOD, GOOD.length, 101, false), recordOf(GOOD, GOOD.length, 101, true)],
  open: () => RecordsSubject.open(),
};
