import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BlockPool } from "../../../shared/tunnel/block-pool.ts";

const LARGEST = 270_336;

describe("a block pool", () => {
  it("gives blocks of at least the size asked for, and none that is out, whatever comes back when", () => {
    const size = fc.oneof(fc.nat(700), fc.nat(300_000), fc.constantFrom(256, 257, 4_096, 69_632, LARGEST));
    // Taking by size, giving back by place among those that are out.
    const step = fc.oneof(
      size.map((take) => ({ take })),
      fc.nat(50).map((give) => ({ give })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const pool = new BlockPool();
        const out: { block: Uint8Array; mark: number }[] = [];
        for (const [mark, given] of steps.entries()) {
          if ("take" in given) {
            const block = pool.take(given.take);
            expect(block.length).toBeGreaterThanOrEqual(given.take);
            expect(out.some((other) => other.block.buffer === block.buffer)).toBe(false);
            block.fill(mark);
            out.push({ block, mark });
          } else {
            const [back] = out.splice(given.give % Math.max(out.length, 1), 1);
            if (back === undefined) continue;
            expect(back.block.every((byte) => byte === back.mark)).toBe(true);
            pool.give(back.block);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("gives a block again that came back, to whoever asks for as much or a little less", () => {
    const pool = new BlockPool();
    const block = pool.take(4_000);
    expect(pool.take(4_000)).not.toBe(block);
    pool.give(block);
    expect(pool.take(3_000)).toBe(block);
    pool.give(block);
    expect(pool.take(4_097)).not.toBe(block);
    expect(pool.take(1)).not.toBe(block);
  });

  it("wastes at most a little of a super-frame and of a whole message", () => {
    const pool = new BlockPool();
    for (const size of [65_550 + 22 + 14, 128 * 1024, 256 * 1024 + 14]) {
      expect(pool.take(size).length).toBeLessThan(size * 1.1);
    }
  });

  it("makes blocks over its greatest size as they are asked for, and keeps none", () => {
    const pool = new BlockPool();
    const block = pool.take(LARGEST + 1);
    expect(block).toHaveLength(LARGEST + 1);
    pool.give(block);
    expect(pool.take(LARGEST + 1)).not.toBe(block);
  });

  it("keeps nothing that is not of its sizes", () => {
    const pool = new BlockPool();
    const foreign = new Uint8Array(1_000);
    pool.give(foreign);
    pool.give(new Uint8Array(0));
    expect(pool.take(1_000)).not.toBe(foreign);
    expect(pool.take(0).length).toBeGreaterThan(0);
  });

  it("keeps 4 MiB at most, and as much again once that was taken", () => {
    const pool = new BlockPool();
    for (let round = 0; round < 2; round++) {
      const blocks = Array.from({ length: 60 }, () => pool.take(LARGEST));
      for (const block of blocks) pool.give(block);
      const again = Array.from({ length: 60 }, () => pool.take(LARGEST));
      const kept = again.filter((block) => blocks.includes(block)).length;
      expect(kept).toBe(Math.floor((4 * 1024 * 1024) / LARGEST));
    }
  });
});
