import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ENCAPSULATION_BYTES } from "../../../shared/protocol/record.ts";
import { Block } from "../../../shared/tunnel/block.ts";
import { BlockPool } from "../../../shared/tunnel/block-pool.ts";
import { EgressQueue, FLOW_BUCKETS, QUANTUM_BYTES } from "../../../shared/tunnel/egress-queue.ts";
import { flowHash } from "../../../shared/tunnel/flow.ts";
import {
  addRecord,
  drain,
  LEAST_RECORD_BYTES,
  readRecord,
  SUPER_RECORD_BYTES,
  type Told,
  takeRecord,
  writeRecord,
} from "../switch/waiting.ts";
import { CountingPool } from "./counting-pool.ts";

const SEED = 1;
/** A limit that no test reaches. */
const ROOMY = 2 ** 40;

const FLOWS = flowsOf((bucket, earlier) => !earlier.includes(bucket));
/** Two flows that share a bucket. */
const ALIKE = flowsOf((bucket, earlier) => earlier.length === 0 || bucket === earlier[0]);
const [BULK, OTHER, PING] = FLOWS as [number, number, number];

/** The first twelve flows, by source address, whose bucket is next to those of the previous ones. */
function flowsOf(wanted: (bucket: number, earlier: number[]) => boolean): number[] {
  const flows: number[] = [];
  const buckets: number[] = [];
  const bytes = new Uint8Array(LEAST_RECORD_BYTES);
  for (let flow = 1; flows.length < 12; flow++) {
    writeRecord(bytes, 0, bytes.length, flow, 0);
    const bucket = flowHash(bytes, ENCAPSULATION_BYTES, bytes.length, SEED) % FLOW_BUCKETS;
    if (!wanted(bucket, buckets)) continue;
    flows.push(flow);
    buckets.push(bucket);
  }
  return flows;
}

function unbounded() {
  const pool = new CountingPool();
  const queue = new EgressQueue(ROOMY, pool, () => expect.unreachable("nothing may be dropped"), SEED);
  return { queue, pool };
}

/** Adds `count` equal records of one flow. */
function addBulk(queue: EgressQueue, flow: number, count: number, size = SUPER_RECORD_BYTES): void {
  const bytes = new Uint8Array(size);
  writeRecord(bytes, 0, size, flow, 0);
  for (let i = 0; i < count; i++) queue.add(bytes, 0, ENCAPSULATION_BYTES, size);
}

const SIZES = new BlockPool();

/** The size of the block in which a record waits. */
function blockBytes(size: number): number {
  const block = SIZES.take(size);
  block.release();
  return block.weight;
}

const charge = (records: Told[]) => records.reduce((sum, { size }) => sum + blockBytes(size), 0);
const bytesOf = (records: Told[]) => records.reduce((sum, { size }) => sum + size, 0);

describe("an egress queue", () => {
  it("returns or drops each record once, in order within its flow, and drops only from flows that are among the longest", () => {
    const size = fc.oneof(
      fc.integer({ min: LEAST_RECORD_BYTES, max: 200 }),
      fc.integer({ min: LEAST_RECORD_BYTES, max: 2_000 }),
      fc.integer({ min: LEAST_RECORD_BYTES, max: SUPER_RECORD_BYTES }),
    );
    const flow = fc.constantFrom(...FLOWS);
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ flow, size }) },
      { weight: 2, arbitrary: fc.constant("take" as const) },
    );
    const limits = fc.constantFrom(5_000, 50_000, 256 * 1024);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: "max" }), limits, (steps, limit) => {
        const waiting: Told[] = [];
        let number = 0;
        const pool = new CountingPool();
        const queue = new EgressQueue(
          limit,
          pool,
          (bytes, start, end) => {
            const told = readRecord({ block: new Block(bytes), start, end });
            const lengths = FLOWS.map((flow) => charge(waiting.filter((record) => record.flow === flow)));
            const length = charge(waiting.filter((record) => record.flow === told.flow));
            if (blockBytes(told.size) <= limit) {
              expect(2 * length).toBeGreaterThan(Math.max(...lengths));
              expect(charge(waiting)).toBeGreaterThan(limit);
            }
            leaves(told);
          },
          SEED,
        );
        const leaves = (told: Told) => {
          const first = waiting.findIndex((record) => record.flow === told.flow);
          // A record larger than the queue is dropped at once; otherwise the oldest of its flow leaves first.
          const at = blockBytes(told.size) > limit ? waiting.length - 1 : first;
          expect(waiting[at]).toEqual(told);
          waiting.splice(at, 1);
        };
        for (const step of steps) {
          if (step === "take") {
            const told = takeRecord(queue);
            if (told === undefined) expect(waiting).toEqual([]);
            else leaves(told);
          } else {
            waiting.push({ ...step, number });
            addRecord(queue, step.flow, number++, step.size);
          }
          expect(pool.outBytes).toBe(charge(waiting));
          expect(pool.outBytes).toBeLessThanOrEqual(limit);
          expect(queue.bytes).toBe(bytesOf(waiting));
          expect(queue.isEmpty).toBe(waiting.length === 0);
        }
        for (const told of drain(queue)) leaves(told);
        expect(waiting).toEqual([]);
        expect(pool.out).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it("sends a small record next, however many super-frames wait", () => {
    const bulks = fc.array(fc.constantFrom(...FLOWS.filter((flow) => flow !== PING)), {
      minLength: 1,
      maxLength: 8,
    });
    const size = fc.integer({ min: LEAST_RECORD_BYTES, max: QUANTUM_BYTES });
    fc.assert(
      fc.property(bulks, fc.nat(45), size, (flows, taken, size) => {
        const { queue } = unbounded();
        for (const flow of flows) addBulk(queue, flow, 50);
        for (let i = 0; i < taken; i++) takeRecord(queue);
        addRecord(queue, PING, 7, size);
        expect(takeRecord(queue)).toEqual({ flow: PING, number: 7, size });
      }),
      { numRuns: 30 },
    );
  });

  it("lets no small record of a flow in the round wait for more than one super-frame", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { minLength: 50, maxLength: 100 }), (pauses) => {
        const { queue } = unbounded();
        addBulk(queue, BULK, 450);
        pauses.forEach((pause, number) => {
          addRecord(queue, PING, number, 100);
          const before: Told[] = [];
          for (let told = takeRecord(queue); told?.flow !== PING; told = takeRecord(queue)) {
            if (told === undefined) throw new Error("the record was lost");
            before.push(told);
          }
          expect(before.length).toBeLessThanOrEqual(1);
          for (let i = 0; i < pause; i++) takeRecord(queue);
        });
      }),
      { numRuns: 30 },
    );
  });

  it("does not let a super-frame pass as a small flow behind a small record", () => {
    const { queue } = unbounded();
    addRecord(queue, BULK, 0, 100);
    addRecord(queue, BULK, 1, SUPER_RECORD_BYTES);
    addRecord(queue, PING, 2, 100);
    expect(drain(queue).map(({ number }) => number)).toEqual([0, 2, 1]);
  });

  it("does not let flows that come and go in turns starve a waiting one", () => {
    const { queue } = unbounded();
    addBulk(queue, BULK, 100, QUANTUM_BYTES);
    takeRecord(queue);
    const taken: Told[] = [];
    for (let i = 0; i < 300; i++) {
      addRecord(queue, i % 2 === 0 ? OTHER : PING, i, 100);
      taken.push(takeRecord(queue) as Told);
    }
    // If the two were new each time, it would get nothing at all.
    const sent = (flow: number) => bytesOf(taken.filter((told) => told.flow === flow));
    expect(sent(BULK)).toBeGreaterThan(Math.max(sent(OTHER), sent(PING)) - QUANTUM_BYTES);
    expect(sent(BULK)).toBeGreaterThan(0);
  });

  it("gives bulk flows equal bytes at any time, whatever the size of their records", () => {
    const sizes = fc.array(fc.integer({ min: LEAST_RECORD_BYTES, max: SUPER_RECORD_BYTES }), {
      minLength: 2,
      maxLength: 6,
    });
    fc.assert(
      fc.property(sizes, (sizes) => {
        const { queue } = unbounded();
        sizes.forEach((size, i) => void addBulk(queue, FLOWS[i] ?? 0, Math.ceil(400_000 / size), size));
        const sent = new Map(sizes.map((_, i) => [FLOWS[i], 0]));
        let spread = 0;
        for (let told = takeRecord(queue); told !== undefined; told = takeRecord(queue)) {
          const bytes = (sent.get(told.flow) ?? 0) + told.size;
          sent.set(told.flow, bytes);
          spread = Math.max(spread, Math.max(...sent.values()) - Math.min(...sent.values()));
          if (bytes > 400_000 - told.size) break;
        }
        expect(spread).toBeLessThanOrEqual(Math.max(...sizes) + 2 * QUANTUM_BYTES);
      }),
      { numRuns: 30 },
    );
  });

  it("forgives debts once the queue is empty", () => {
    const { queue } = unbounded();
    addRecord(queue, BULK, 0, SUPER_RECORD_BYTES);
    takeRecord(queue);
    addRecord(queue, BULK, 1, 100);
    addRecord(queue, OTHER, 2, 100);
    expect(drain(queue).map(({ number }) => number)).toEqual([1, 2]);
  });

  it("gives two flows of full frames turns that differ by at most one frame", () => {
    const { queue } = unbounded();
    addBulk(queue, BULK, 500, 1_526);
    addBulk(queue, OTHER, 500, 1_526);
    let lead = 0;
    for (let i = 0; i < 900; i++) {
      lead += takeRecord(queue)?.flow === BULK ? 1 : -1;
      expect(Math.abs(lead)).toBeLessThanOrEqual(2);
    }
  });

  it("is first in, first out for flows that share a bucket", () => {
    const sizes = fc.array(fc.integer({ min: LEAST_RECORD_BYTES, max: 5_000 }), { maxLength: 100 });
    fc.assert(
      fc.property(sizes, (sizes) => {
        const { queue } = unbounded();
        sizes.forEach((size, i) => void addRecord(queue, ALIKE[i % 12] ?? 0, i, size));
        expect(drain(queue).map(({ number }) => number)).toEqual(sizes.map((_, i) => i));
      }),
      { numRuns: 30 },
    );
  });

  it("drops nothing of small flows while a bulk flow fills it without a reader", () => {
    const dropped = new Set<number>();
    const pool = new CountingPool();
    const queue = new EgressQueue(
      256 * 1024,
      pool,
      (bytes, start, end) => dropped.add(readRecord({ block: new Block(bytes), start, end }).flow),
      SEED,
    );
    for (let i = 0; i < 500; i++) {
      if (i % 10 === 0) addRecord(queue, FLOWS[2 + ((i / 10) % 10)] ?? 0, i, 100);
      addRecord(queue, BULK, i, i % 2 === 0 ? SUPER_RECORD_BYTES : 1_526);
    }
    expect([...dropped]).toEqual([BULK]);
    const left = drain(queue);
    expect(left.filter(({ flow }) => flow !== BULK).length).toBe(50);
    // Of the bulk flow, the newest records are left.
    expect(left.findLast(({ flow }) => flow === BULK)).toMatchObject({ number: 499 });
  });

  it("bounds the number of tiny records too, because each counts as its whole block", () => {
    let dropped = 0;
    const pool = new CountingPool();
    const queue = new EgressQueue(64 * 1024, pool, () => dropped++, SEED);
    for (let i = 0; i < 10_000; i++) addRecord(queue, i, i, LEAST_RECORD_BYTES);
    expect(pool.outBytes).toBeLessThan(64 * 1024);
    const left = drain(queue).length;
    expect(left).toBe(Math.floor((64 * 1024) / blockBytes(LEAST_RECORD_BYTES)));
    expect(dropped).toBe(10_000 - left);
    expect(pool.out).toBe(0);
  });

  it("drops a record that can never fit at once, and nothing else for it", () => {
    const dropped: Told[] = [];
    const pool = new CountingPool();
    const limit = 2 * blockBytes(100) + blockBytes(4_096);
    const drop = (bytes: Uint8Array, start: number, end: number) =>
      void dropped.push(readRecord({ block: new Block(bytes), start, end }));
    const queue = new EgressQueue(limit, pool, drop, SEED);
    addRecord(queue, BULK, 0, 100);
    addRecord(queue, PING, 1, 100);
    // Its block has no room, although its bytes would; dropping an older record of its flow would not help.
    addRecord(queue, BULK, 2, 4_097);
    expect(dropped).toEqual([{ flow: BULK, number: 2, size: 4_097 }]);
    addRecord(queue, PING, 3, 4_096);
    const left = drain(queue).map(({ number }) => number);
    expect(left.sort()).toEqual([0, 1, 3]);
    expect(dropped).toHaveLength(1);
    expect(pool.out).toBe(0);
  });

  it("holds no more of many small records than of a few large ones", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: LEAST_RECORD_BYTES, max: SUPER_RECORD_BYTES }),
        fc.integer({ min: 1_000, max: 300_000 }),
        fc.integer({ min: 1, max: 12 }),
        (size, limit, flows) => {
          const pool = new CountingPool();
          const queue = new EgressQueue(limit, pool, () => {}, SEED);
          const fitting = Math.floor(limit / blockBytes(size));
          for (let i = 0; i < fitting + 20; i++) {
            addRecord(queue, FLOWS[i % flows] ?? 0, i, size);
            expect(pool.outBytes).toBeLessThanOrEqual(limit);
          }
          expect(pool.out).toBe(fitting);
          queue.clear();
          expect(pool.out).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("is empty after clear, counts no drops for it, and can be used again", () => {
    const { queue, pool } = unbounded();
    for (let round = 0; round < 3; round++) {
      addBulk(queue, BULK, 5);
      addBulk(queue, OTHER, 5, 1_526);
      addRecord(queue, PING, 1, 100);
      for (let i = 0; i < round * 2; i++) takeRecord(queue);
      expect(pool.out).toBe(11 - round * 2);
      queue.clear();
      expect(pool.out).toBe(0);
      expect(queue.isEmpty).toBe(true);
      expect(queue.bytes).toBe(0);
      const block = new Block(Uint8Array.of(1));
      const range = { block, start: 2, end: 3 };
      expect(queue.take(range)).toBe(false);
      expect(range.block).toBe(block);
      expect(range).toMatchObject({ start: 2, end: 3 });
    }
    addRecord(queue, BULK, 8, 2_000);
    addRecord(queue, PING, 9, 100);
    expect(drain(queue).map(({ number }) => number)).toEqual([9, 8]);
  });

  it("assigns flows to buckets differently in each queue, so that no sender can aim at another flow", () => {
    const order = () => {
      const pool = new CountingPool();
      const queue = new EgressQueue(ROOMY, pool, () => {});
      // Of two flows in one bucket the super-frame goes first; in two buckets it has to wait.
      for (const flow of ALIKE) addRecord(queue, flow, flow, flow === ALIKE[0] ? SUPER_RECORD_BYTES : 100);
      return drain(queue)[0]?.flow;
    };
    // About once in 2^100 the buckets are equal in all ten queues.
    expect(Array.from({ length: 10 }, order)).not.toEqual(new Array(10).fill(ALIKE[0]));
  });
});
