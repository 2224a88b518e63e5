/**
 * What waits for one receiver while its socket is backlogged; nothing goes through here while it isn't.
 *
 * The discipline is that of FQ-CoDel (RFC 8290 section 4) without CoDel: deficit round robin over flows, and
 * flows that have just begun to wait go first. Why it is so:
 *
 * - Round robin by bytes: a bulk transfer gets what the others leave, and as much as another bulk transfer.
 *   Who sends little (ARP, DHCP, DNS, a ping, a call) has nothing queued and is a new flow each time, so it goes
 *   next, past whatever the bulk transfers have piled up.
 * - The quantum is one full Ethernet frame although super-frames have 64 KiB. A flow in debt stays in the
 *   round until it has paid, so that super-frames come out byte for byte equal to small frames; a quantum of
 *   64 KiB would forgive each super-frame at once and let its flow pass for a new one every time. Paying takes
 *   some 43 turns of a few nanoseconds for 64 KiB. And for new flows the quantum is strict: what doesn't fit goes
 *   to the back of the round unsent, so that no super-frame ever stands before a ping that is new.
 * - A new flow that has run dry still waits for its turn in the round before it may be new again: otherwise
 *   a few of them, taking turns, would starve the rest (RFC 8290 section 4.2).
 * - Over the limit, one of the longest flows loses its oldest record. These are what fills the queue, never what
 *   sends little. The oldest, as its loss is noticed a queue's length earlier, by the records behind it, where
 *   the loss of the newest may be noticed by a timeout only; and as after a stall the newest is still of use.
 * - No CoDel: its target of 5 ms is less than a super-frame takes on a slow line, so it would drop from flows
 *   with a single record queued. The limit is small, and a queue that stands delays none but those that fill it.
 * - What waits is a copy, in a block of a pool, and counts as all that the block takes: so the limit is what the queue holds of
 *   memory, and many small records are as long a flow as they cost. A copy is cheaper than it looks: a range of the
 *   message a record came in would keep all of that alive.
 */
import { Block } from "./block.ts";
import type { BlockPool } from "./block-pool.ts";
import { flowHash } from "./flow.ts";
import type { QueueBudget } from "./queue-budget.ts";

/** Flows told apart (RFC 8290 section 5.2.3's default); those that share a bucket share their turn, in order. */
export const FLOW_BUCKETS = 1024;

/** Bytes a flow may send per turn: a frame of 1500 bytes with two tags, behind the longest record header. */
export const QUANTUM_BYTES = 22 + 14 + 2 * 4 + 1500;

/** One record, or several adjacent ones: `block.bytes[start, end)`. Holds a reference to the block. */
export interface RecordRange {
  block: Block;
  start: number;
  end: number;
}

/** Told of each record that is dropped, the record `bytes[start, end)`. */
export type Dropped = (bytes: Uint8Array, start: number, end: number) => void;

export class EgressQueue {
  readonly #maxBytes: number;
  readonly #budget: QueueBudget | undefined;
  readonly #dropped: Dropped;
  readonly #seed: number;
  readonly #pool: BlockPool;
  readonly #flows = new Array<Flow | undefined>(FLOW_BUCKETS).fill(undefined);
  /** RFC 8290's "new" and "old" flows. A flow that has run dry stays listed until its turn comes. */
  readonly #new = new FlowList();
  readonly #old = new FlowList();
  readonly #ranks = new FlowRanks();
  /** Entries to be used again. */
  readonly #spare: Entry[] = [];
  #records = 0;
  /** Of the blocks held. */
  #held = 0;
  #bytes = 0;

  /**
   * Takes 8 KiB at once: to be made when a receiver is backlogged for the first time.
   *
   * @param limitBytes what may wait at most, in bytes of blocks
   * @param pool where the blocks come from
   * @param dropped called with each record that finds no room, to count it
   * @param seed for the hash of flows, 32 bits
   * @param budget what the queue has a share of, which bounds it too
   */
  constructor(
    limitBytes: number,
    pool: BlockPool,
    dropped: Dropped,
    seed: number = Math.random() * 2 ** 32,
    budget?: QueueBudget,
  ) {
    this.#maxBytes = limitBytes;
    this.#dropped = dropped;
    this.#budget = budget;
    this.#seed = seed >>> 0;
    this.#pool = pool;
  }

  /** Bytes of the records that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  get empty(): boolean {
    return this.#records === 0;
  }

  /** Bytes of blocks that it may hold now: its own limit, or its share of a budget that is nearly used up. */
  get #limit(): number {
    const budget = this.#budget;
    return budget === undefined ? this.#maxBytes : Math.min(this.#maxBytes, budget.share);
  }

  /**
   * Has the record `bytes[start, end)` wait, whose frame begins at `frame`; its bytes are copied. Where there is no
   * room, one of the longest flows makes some: its oldest records are dropped, which may come to the one just added.
   */
  add(bytes: Uint8Array, start: number, frame: number, end: number): void {
    const size = end - start;
    const block = this.#pool.take(size);
    const limit = this.#limit;
    if (limit < this.#maxBytes && this.#held + block.weight > limit) this.#budget?.refused();
    if (block.weight > limit) {
      block.release();
      this.#dropped(bytes, start, end);
      return;
    }
    block.bytes.set(bytes.subarray(start, end));
    const entry = this.#spare.pop() ?? new Entry();
    entry.block = block;
    entry.size = size;
    const flow = this.#flow(flowHash(bytes, frame, end, this.#seed) % FLOW_BUCKETS);
    flow.append(entry);
    this.#records++;
    this.#bytes += size;
    this.#held += block.weight;
    this.#budget?.add(block.weight);
    if (!flow.listed) {
      flow.listed = true;
      flow.deficit = QUANTUM_BYTES;
      this.#new.append(flow);
    }
    this.#ranks.update(flow);
    while (this.#held > this.#limit && this.#records > 0) this.#dropFrom(this.#ranks.longest ?? flow);
  }

  /**
   * Takes the record whose turn it is, in order within its flow, and says in `into` where it lies: in a block whose
   * one reference is the caller's from then on.
   *
   * @returns false where none waits; `into` is then as it was
   */
  take(into: RecordRange): boolean {
    while (this.#records > 0) {
      const isNew = this.#new.head !== undefined;
      const list = isNew ? this.#new : this.#old;
      const flow = list.head;
      if (flow === undefined) return false;
      const next = flow.head;
      if (next !== undefined && (isNew ? next.size <= flow.deficit : flow.deficit > 0)) {
        flow.deficit -= next.size;
        into.block = next.block;
        into.start = 0;
        into.end = next.size;
        this.#remove(flow, next);
        return true;
      }
      list.shift();
      if (flow.deficit <= 0) {
        flow.deficit += QUANTUM_BYTES;
      } else if (next === undefined && !isNew) {
        flow.listed = false;
        continue;
      }
      this.#old.append(flow);
    }
    return false;
  }

  /** Forgets everything that waits, and tells nobody: the receiver is gone. */
  clear(): void {
    for (const flow of this.#flows) {
      for (let head = flow?.head; flow !== undefined && head !== undefined; head = flow.head) {
        const { block } = head;
        this.#remove(flow, head);
        block.release();
      }
    }
  }

  #flow(bucket: number): Flow {
    const known = this.#flows[bucket];
    if (known !== undefined) return known;
    const flow = new Flow();
    this.#flows[bucket] = flow;
    return flow;
  }

  #dropFrom(flow: Flow): void {
    const oldest = flow.head;
    if (oldest === undefined) return;
    const { block, size } = oldest;
    this.#remove(flow, oldest);
    this.#dropped(block.bytes, 0, size);
    block.release();
  }

  /** Takes `head` off its flow. Where nothing waits any more there is no congestion: all debts are forgiven. */
  #remove(flow: Flow, head: Entry): void {
    flow.shift(head);
    this.#ranks.update(flow);
    this.#records--;
    this.#bytes -= head.size;
    this.#held -= head.block.weight;
    this.#budget?.add(-head.block.weight);
    head.block = NOTHING;
    this.#spare.push(head);
    if (this.#records === 0) {
      this.#new.clear();
      this.#old.clear();
    }
  }
}

/** A record that waits. Used again and again, as flows are: nothing is allocated per frame. */
class Entry {
  block: Block = NOTHING;
  /** Of the record at the block's beginning, in bytes. */
  size = 0;
  next: Entry | undefined;
}

const NOTHING = new Block(new Uint8Array(0));

/** What waits of one flow, in the order it came. */
class Flow {
  head: Entry | undefined;
  #tail: Entry | undefined;
  /** Bytes of the blocks that its records are in. */
  charge = 0;
  /** Bytes it may still send in this turn; negative is a debt. */
  deficit = 0;
  /** Whether it is in one of the lists. */
  listed = false;
  /** The flow behind it there. */
  next: Flow | undefined;
  /** For {@link FlowRanks}: bits of the charge, 0 where nothing waits. */
  rank = 0;
  /** For {@link FlowRanks}: its neighbours among flows of its rank. */
  before: Flow | undefined;
  after: Flow | undefined;

  append(entry: Entry): void {
    if (this.#tail === undefined) this.head = entry;
    else this.#tail.next = entry;
    this.#tail = entry;
    this.charge += entry.block.weight;
  }

  /** Takes off its head. */
  shift(head: Entry): void {
    this.head = head.next;
    if (this.head === undefined) this.#tail = undefined;
    head.next = undefined;
    this.charge -= head.block.weight;
  }
}

/** Flows in the order of their turns. */
class FlowList {
  head: Flow | undefined;
  #tail: Flow | undefined;

  append(flow: Flow): void {
    if (this.#tail === undefined) this.head = flow;
    else this.#tail.next = flow;
    this.#tail = flow;
  }

  shift(): void {
    const flow = this.head;
    if (flow === undefined) return;
    this.head = flow.next;
    if (this.head === undefined) this.#tail = undefined;
    flow.next = undefined;
  }

  clear(): void {
    for (let flow = this.head; flow !== undefined; flow = this.head) {
      flow.listed = false;
      this.shift();
    }
  }
}

/**
 * Flows by how much waits of them, so that a long one is found without a look at all of them: a sender of many flows
 * would have the relay look through a thousand for each record that finds the queue full. Each rank is twice as long as
 * the one below.
 */
class FlowRanks {
  readonly #heads = new Array<Flow | undefined>(33).fill(undefined);
  #highest = 0;

  /** One of the longest flows: none is twice as long. Undefined where nothing waits. */
  get longest(): Flow | undefined {
    while (this.#highest > 0 && this.#heads[this.#highest] === undefined) this.#highest--;
    return this.#heads[this.#highest];
  }

  /** Notes that something was added to a flow, or taken from it. */
  update(flow: Flow): void {
    const rank = 32 - Math.clz32(flow.charge);
    if (rank === flow.rank) return;
    if (flow.rank > 0) this.#remove(flow);
    flow.rank = rank;
    if (rank === 0) return;
    const head = this.#heads[rank];
    flow.after = head;
    if (head !== undefined) head.before = flow;
    this.#heads[rank] = flow;
    if (rank > this.#highest) this.#highest = rank;
  }

  #remove(flow: Flow): void {
    const { before, after } = flow;
    if (before === undefined) this.#heads[flow.rank] = after;
    else before.after = after;
    if (after !== undefined) after.before = before;
    flow.before = undefined;
    flow.after = undefined;
  }
}
