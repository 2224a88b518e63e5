/**
 * The queue for one receiver while its socket is backlogged; otherwise no record passes through it.
 *
 * The discipline is that of FQ-CoDel (RFC 8290 section 4) without CoDel: deficit round robin over flows, where new
 * flows go first. The reasons:
 *
 * - Round robin by bytes: a bulk transfer gets what other flows leave, and as much as another bulk transfer. A sparse
 *   flow (ARP, DHCP, DNS, a ping, a call) has nothing queued and is new each time, so it goes next, past the backlog of
 *   bulk transfers.
 * - The quantum is one full Ethernet frame although super-frames have 64 KiB. A flow in debt stays in the round until
 *   it has paid, so super-frames get the same share in bytes as small frames. A quantum of 64 KiB would forgive each
 *   super-frame at once and let its flow pass for a new one every time. Paying takes some 43 turns of a few nanoseconds
 *   for 64 KiB. For new flows the quantum is strict: a record that exceeds it goes to the back of the round unsent, so
 *   no super-frame ever precedes a new ping.
 * - A new flow that has run empty waits for its turn in the round before it may be new again. Otherwise a few flows,
 *   taking turns, would starve the rest (RFC 8290 section 4.2).
 * - Over the limit, one of the longest flows loses its oldest record. Long flows fill the queue; sparse flows never do.
 *   It drops the oldest because the records behind it reveal the loss a queue's length earlier, whereas a loss of the
 *   newest may only show by a timeout. After a stall the newest is also the most useful.
 * - No CoDel: its target of 5 ms is less than a super-frame takes on a slow line, so it would drop from flows with a
 *   single record queued. The limit is small, and a standing queue delays only the flows that fill it.
 * - A queued record is a copy, in a block of a pool, and counts as the memory of the whole block. So the limit bounds
 *   the queue's memory, and many small records make as long a flow as they cost. A copy is cheaper than it looks: a
 *   range of the incoming message would keep all of that message alive.
 */
import { Block } from "./block.ts";
import type { BlockPool } from "./block-pool.ts";
import { flowHash } from "./flow.ts";
import type { QueueBudget } from "./queue-budget.ts";

/**
 * Number of distinct flows (RFC 8290 section 5.2.3's default); flows that share a bucket share their turn, in order.
 */
export const FLOW_BUCKETS = 1024;

/** Bytes that a flow may send per turn: a frame of 1500 bytes with two tags, behind the longest record header. */
export const QUANTUM_BYTES = 22 + 14 + 2 * 4 + 1500;

/** One record, or several adjacent ones: `block.bytes[start, end)`. Holds a reference to the block. */
export interface RecordRange {
  block: Block;
  start: number;
  end: number;
}

/** Receives each dropped record, `bytes[start, end)`. */
export type TakeDropped = (bytes: Uint8Array, start: number, end: number) => void;

export class EgressQueue {
  readonly #maxBytes: number;
  readonly #budget: QueueBudget | undefined;
  readonly #dropped: TakeDropped;
  readonly #seed: number;
  readonly #pool: BlockPool;
  readonly #flows = new Array<Flow | undefined>(FLOW_BUCKETS).fill(undefined);
  /** RFC 8290's "new" and "old" flows. An empty flow stays listed until its turn. */
  readonly #new = new FlowList();
  readonly #old = new FlowList();
  readonly #ranks = new FlowRanks();
  /** Entries for reuse. */
  readonly #spare: Entry[] = [];
  #records = 0;
  /** Bytes of the blocks held. */
  #held = 0;
  #bytes = 0;

  /**
   * Takes 8 KiB at once, so create it when a receiver is backlogged for the first time.
   *
   * @param limitBytes maximum bytes of waiting blocks
   * @param pool source of the blocks
   * @param dropped called with each record that finds no room, to count it
   * @param seed for the hash of flows, 32 bits
   * @param budget shared with other queues, and a further limit
   */
  constructor(
    limitBytes: number,
    pool: BlockPool,
    dropped: TakeDropped,
    seed: number = Math.random() * 2 ** 32,
    budget?: QueueBudget,
  ) {
    this.#maxBytes = limitBytes;
    this.#dropped = dropped;
    this.#budget = budget;
    this.#seed = seed >>> 0;
    this.#pool = pool;
  }

  /** Bytes of the waiting records. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#records === 0;
  }

  /** Bytes of blocks that the queue may hold now: its own limit, or its share of a nearly exhausted budget. */
  get #limit(): number {
    const budget = this.#budget;
    return budget === undefined ? this.#maxBytes : Math.min(this.#maxBytes, budget.share);
  }

  /**
   * Queues a copy of the record `bytes[start, end)`, whose frame begins at `frame`. If there is no room, drops the
   * oldest records of one of the longest flows, which may include the one just added.
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
   * Takes the next record, in order within its flow, and writes its position to `into`. The caller then owns the one
   * reference to its block.
   *
   * @returns false if the queue is empty; `into` is then unchanged
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

  /** Discards all waiting records without reporting them, because the receiver is gone. */
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

  /** Removes `head` from its flow. Forgives all debts once the queue is empty, because there is no congestion then. */
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

/** A waiting record. Entries are reused, as flows are, so no frame allocates. */
class Entry {
  block: Block = NOTHING;
  /** Bytes of the record, which lies at the beginning of the block. */
  size = 0;
  next: Entry | undefined;
}

const NOTHING = new Block(new Uint8Array(0));

/** The waiting records of one flow, in order of arrival. */
class Flow {
  head: Entry | undefined;
  #tail: Entry | undefined;
  /** Bytes of the blocks that hold its records. */
  charge = 0;
  /** Bytes that it may still send in this turn; negative for a debt. */
  deficit = 0;
  /** Whether it is in one of the lists. */
  listed = false;
  /** The next flow in the list. */
  next: Flow | undefined;
  /** For {@link FlowRanks}: number of bits of the charge, 0 for an empty flow. */
  rank = 0;
  /** For {@link FlowRanks}: neighbours among flows of the same rank. */
  before: Flow | undefined;
  after: Flow | undefined;

  append(entry: Entry): void {
    if (this.#tail === undefined) this.head = entry;
    else this.#tail.next = entry;
    this.#tail = entry;
    this.charge += entry.block.weight;
  }

  /** Removes its head. */
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
 * Flows ranked by the bytes they hold, so that a long one is found without searching all. Otherwise a sender with many
 * flows would make the relay search a thousand for each record that finds the queue full. Each rank is twice as long as
 * the one below.
 */
class FlowRanks {
  readonly #heads = new Array<Flow | undefined>(33).fill(undefined);
  #highest = 0;

  /** One of the longest flows: no other is twice as long. Undefined if all are empty. */
  get longest(): Flow | undefined {
    while (this.#highest > 0 && this.#heads[this.#highest] === undefined) this.#highest--;
    return this.#heads[this.#highest];
  }

  /** Updates the rank of a flow after a record was added or removed. */
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
