import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EgressQueue } from "../../../shared/switch/egress-queue.ts";
import { COPIED_BYTES, HELD_LIMITS, KeptRecord, RecordKeeper } from "../../../shared/switch/record-keeper.ts";
import { ENCAPSULATION_BYTES } from "../../../shared/tunnel/record.ts";
import { addRecord, LEAST_RECORD_BYTES, readRecord, SUPER_RECORD_BYTES, writeRecord } from "./waiting.ts";

const LIMIT = 256 * 1024;

/** The size of all buffers that what waits keeps alive. */
function keptAlive(queue: EgressQueue): number {
  const buffers = new Set<ArrayBufferLike>();
  const range = { bytes: new Uint8Array(0), start: 0, end: 0 };
  while (queue.take(range)) {
    readRecord(range);
    buffers.add(range.bytes.buffer);
  }
  return [...buffers].reduce((sum, buffer) => sum + buffer.byteLength, 0);
}

describe("the memory of records that wait", () => {
  it("is bounded, whatever buffers they come in and in whatever order they leave", () => {
    const size = fc.oneof(
      fc.integer({ min: LEAST_RECORD_BYTES, max: COPIED_BYTES }),
      fc.integer({ min: COPIED_BYTES + 1, max: 2_500 }),
      fc.integer({ min: LEAST_RECORD_BYTES, max: SUPER_RECORD_BYTES }),
    );
    const buffer = fc.record({
      sizes: fc.array(size, { minLength: 1, maxLength: 6 }),
      flow: fc.nat(5),
      slack: fc.constantFrom(0, 100, 8_000, 65_536, 262_144),
      times: fc.integer({ min: 1, max: 40 }),
      taken: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(buffer, { minLength: 1, maxLength: 20 }), (buffers) => {
        const queue = new EgressQueue(LIMIT, () => {}, 1);
        let number = 0;
        for (const { sizes, flow, slack, times, taken } of buffers) {
          for (let i = 0; i < times; i++) {
            const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, slack));
            let start = slack;
            for (const size of sizes) {
              writeRecord(bytes, start, start + size, flow, number++);
              queue.add(bytes, start, start + ENCAPSULATION_BYTES, start + size);
              start += size;
            }
          }
          const range = { bytes: new Uint8Array(0), start: 0, end: 0 };
          for (let i = 0; i < taken; i++) queue.take(range);
        }
        expect(keptAlive(queue)).toBeLessThanOrEqual((HELD_LIMITS + 1) * LIMIT);
      }),
      { numRuns: 40 },
    );
  });

  it("is not that of the slabs around single records of a receiver that has stopped reading", () => {
    for (const size of [100, 600, 1_526, 3_000]) {
      const queue = new EgressQueue(LIMIT, () => {}, 1);
      for (let i = 0; i < 5_000; i++) {
        const slab = Buffer.alloc(65_536);
        writeRecord(slab, 0, size, i % 7, i);
        queue.add(slab, 0, ENCAPSULATION_BYTES, size);
      }
      expect(keptAlive(queue)).toBeLessThanOrEqual((HELD_LIMITS + 1) * LIMIT);
    }
  });

  it("is that of the batch itself where it waits as a whole, so that it can leave as it came", () => {
    const keeper = new RecordKeeper(LIMIT);
    const batch = new Uint8Array(64 * 1_526);
    const kept = Array.from({ length: 64 }, (_, i) => {
      const record = new KeptRecord();
      // A view for each, as some readers of messages give out.
      keeper.keep(batch.subarray(0), i * 1_526, (i + 1) * 1_526, record);
      return record;
    });
    kept.forEach((record, i) => {
      expect(record.bytes.buffer).toBe(batch.buffer);
      expect([record.start, record.end, record.size]).toEqual([i * 1_526, (i + 1) * 1_526, 1_526]);
    });
  });

  it("is a copy for small records, which nobody can write over, not even with a Buffer", () => {
    for (const size of [LEAST_RECORD_BYTES, 128, 129, COPIED_BYTES]) {
      const keeper = new RecordKeeper(LIMIT);
      const bytes = Buffer.alloc(size + 20, 1);
      const kept = new KeptRecord();
      keeper.keep(bytes, 10, 10 + size, kept);
      bytes.fill(2);
      expect([...kept.bytes.subarray(kept.start, kept.end)]).toEqual(new Array(size).fill(1));
    }
  });

  it("is bounded where the last record of each chunk stays", () => {
    const keeper = new RecordKeeper(LIMIT);
    const staying: KeptRecord[] = [];
    for (let i = 0; i < 500 * 160; i++) {
      const kept = new KeptRecord();
      keeper.keep(new Uint8Array(100), 0, 100, kept);
      if (i % 160 === 0) staying.push(kept);
      else keeper.release(kept);
    }
    const buffers = new Set(staying.map(({ bytes }) => bytes.buffer));
    const alive = [...buffers].reduce((sum, buffer) => sum + buffer.byteLength, 0);
    expect(alive).toBeLessThanOrEqual(HELD_LIMITS * LIMIT + 500 * 100);
  });

  it("has room again for buffers once others and chunks were released", () => {
    const keeper = new RecordKeeper(LIMIT);
    for (let i = 0; i < 100; i++) {
      for (let j = 0; j < 200; j++) {
        const small = new KeptRecord();
        keeper.keep(new Uint8Array(COPIED_BYTES), 0, COPIED_BYTES, small);
        keeper.release(small);
      }
      keeper.trim();
      const slabs = [new Uint8Array(LIMIT), new Uint8Array(LIMIT), new Uint8Array(LIMIT)];
      const kept = slabs.map((slab) => {
        const record = new KeptRecord();
        keeper.keep(slab, 0, 60_000, record);
        return record;
      });
      expect(kept.map(({ bytes }, i) => bytes === slabs[i])).toEqual([true, true, false]);
      for (const record of kept) keeper.release(record);
    }
  });

  it("leaves what was released as it is, for it may not be sent yet", () => {
    const keeper = new RecordKeeper(LIMIT);
    const released = Array.from({ length: 1_000 }, (_, i) => {
      const kept = new KeptRecord();
      keeper.keep(new Uint8Array(100).fill(i), 0, 100, kept);
      const { bytes, start, end } = kept;
      keeper.release(kept);
      return bytes.subarray(start, end);
    });
    released.forEach((bytes, i) => void expect(bytes.every((byte) => byte === (i & 0xff))).toBe(true));
  });

  it("keeps no buffer alive once its records were taken, dropped or cleared", async () => {
    const buffers: WeakRef<ArrayBufferLike>[] = [];
    const queue = new EgressQueue(LIMIT, () => {}, 1);
    const add = (flow: number, size: number) =>
      buffers.push(new WeakRef(addRecord(queue, flow, 0, size).buffer));
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 20; i++) add(i % 3, [SUPER_RECORD_BYTES, 1_526, 100][i % 3] ?? 0);
      const range = { bytes: new Uint8Array(0), start: 0, end: 0 };
      while (round < 2 && queue.take(range)) buffers.push(new WeakRef(range.bytes.buffer));
    }
    queue.clear();
    await collected(() => buffers.every((buffer) => buffer.deref() === undefined));
    expect(queue.empty).toBe(true);
  });
});

/** Resolves once `gone` says so, after as many collections as it takes. */
async function collected(gone: () => boolean): Promise<void> {
  setFlagsFromString("--expose-gc");
  const gc: () => void = runInNewContext("gc");
  for (let i = 0; i < 20; i++) {
    // References that were looked at live until the job they were looked at in has ended.
    await new Promise((resolve) => setTimeout(resolve, 0));
    gc();
    if (gone()) return;
  }
  expect.unreachable("something is kept alive");
}
