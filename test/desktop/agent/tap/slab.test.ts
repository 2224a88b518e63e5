import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OFFLOAD_HEADROOM, TAP_HEADROOM } from "../../../../desktop/agent/tap/device.ts";
import { BATCH_BYTES, BATCH_FRAMES, SLABS, SlabPool } from "../../../../desktop/agent/tap/slab.ts";
import { FRAME_BYTES, MESSAGE_BYTES } from "../../../../shared/protocol/constants.ts";

/** Fills a slab as a driver does, with as many frames as fit. */
function fill(pool: SlabPool, lengths: readonly number[]) {
  const slab = pool.take();
  if (slab === undefined) throw new Error("no slab");
  for (const length of lengths) {
    if (slab.isFull) break;
    slab.bytes.fill(length, slab.next, slab.next + length);
    slab.add(length);
  }
  return pool.batch(slab);
}

describe("a batch of frames", () => {
  it("is one message once the headers are filled in, for any lengths of frames", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: 14, max: 2000 }), fc.integer({ min: 14, max: FRAME_BYTES })), {
          minLength: 1,
          maxLength: 100,
        }),
        fc.constantFrom(TAP_HEADROOM, OFFLOAD_HEADROOM),
        (lengths, headroom) => {
          const batch = fill(new SlabPool({ headroom }), lengths);
          expect(batch.count).toBeGreaterThan(0);
          expect(batch.count).toBeLessThanOrEqual(BATCH_FRAMES);
          let at = 0;
          for (let i = 0; i < batch.count; i++) {
            expect(batch.frameAt(i)).toBe(at + headroom);
            at = batch.frameAt(i) + (lengths[i] ?? 0);
            expect(batch.endAt(i)).toBe(at);
          }
          expect(at).toBeLessThanOrEqual(Math.min(batch.block.bytes.length, MESSAGE_BYTES));
        },
      ),
      { numRuns: 50 },
    );
  });

  it("contains only its own frames", () => {
    const pool = new SlabPool({ slabs: 1 });
    fill(pool, [60, 61, 62]).release();
    const batch = fill(pool, [60]);
    expect(() => batch.endAt(1)).toThrow(RangeError);
    expect(() => batch.frameAt(2)).toThrow(RangeError);
    expect(() => batch.endAt(-1)).toThrow(RangeError);
  });

  it("is unusable after its release", () => {
    const batch = fill(new SlabPool(), [60]);
    batch.release();
    expect(() => batch.block).toThrow("after its release");
    expect(() => batch.count).toThrow("after its release");
    expect(() => batch.endAt(0)).toThrow("after its release");
  });

  it("can be released twice without taking the memory from its next owner", () => {
    let freed = 0;
    const pool = new SlabPool({ slabs: 1, freed: () => freed++ });
    const first = fill(pool, [60]);
    first.release();
    const second = fill(pool, [100]);
    first.release();
    expect(freed).toBe(1);
    expect(pool.available).toBe(false);
    expect(second.endAt(0)).toBe(TAP_HEADROOM + 100);
  });
});

describe("the slabs of a device", () => {
  it("are bounded, and report when one is free again", () => {
    let freed = 0;
    const pool = new SlabPool({ freed: () => freed++ });
    const batches = Array.from({ length: SLABS }, () => fill(pool, [60]));
    expect(pool.available).toBe(false);
    expect(pool.take()).toBeUndefined();

    batches[2]?.release();
    expect(freed).toBe(1);
    expect(pool.available).toBe(true);
  });

  it("return empty without a report when nothing was read", () => {
    let freed = 0;
    const pool = new SlabPool({ slabs: 1, freed: () => freed++ });
    const slab = pool.take();
    if (slab === undefined) throw new Error("no slab");
    slab.add(60);
    pool.giveBack(slab);
    expect(freed).toBe(0);
    expect(pool.take()?.count).toBe(0);
  });

  it("hold a batch of small frames, or what makes a message of about a super-frame's size", () => {
    const headroom = OFFLOAD_HEADROOM;
    expect(fill(new SlabPool({ headroom }), Array<number>(100).fill(60)).count).toBe(BATCH_FRAMES);
    expect(fill(new SlabPool({ headroom }), Array<number>(100).fill(1514)).count).toBe(40);
    expect(fill(new SlabPool({ headroom }), [14 + 52 + 45 * 1448, 66]).count).toBe(1);
  });

  it("have room for the greatest frame until they are full", () => {
    const batch = fill(new SlabPool(), [BATCH_BYTES - TAP_HEADROOM - 1, FRAME_BYTES, 14]);
    expect(batch.count).toBe(2);
    expect(batch.endAt(1)).toBeLessThanOrEqual(Math.min(batch.block.bytes.length, MESSAGE_BYTES));
    expect(fill(new SlabPool({ bytes: 1 }), [FRAME_BYTES, 14]).count).toBe(1);
  });
});
