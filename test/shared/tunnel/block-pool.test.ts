import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Block } from "../../../shared/tunnel/block.ts";
import { BlockPool } from "../../../shared/tunnel/block-pool.ts";

const LARGEST = 270_336;

describe("a block pool", () => {
  it("returns blocks of at least the requested size, and none that is in use, in any order of calls", () => {
    const size = fc.oneof(fc.nat(700), fc.nat(300_000), fc.constantFrom(256, 257, 4_096, 69_632, LARGEST));
    // Takes by size, and returns by index among the blocks in use.
    const step = fc.oneof(
      size.map((take) => ({ take })),
      fc.nat(50).map((give) => ({ give })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), fc.boolean(), (steps, hostile) => {
        const pool = new BlockPool({ hostile });
        const out: { block: Block; mark: number }[] = [];
        for (const [mark, given] of steps.entries()) {
          if ("take" in given) {
            const block = pool.take(given.take);
            expect(block.bytes.length).toBeGreaterThanOrEqual(given.take);
            expect(out.some((other) => other.block.bytes.buffer === block.bytes.buffer)).toBe(false);
            block.bytes.fill(mark);
            out.push({ block, mark });
          } else {
            const [back] = out.splice(given.give % Math.max(out.length, 1), 1);
            if (back === undefined) continue;
            expect(back.block.bytes.every((byte) => byte === back.mark)).toBe(true);
            back.block.release();
          }
        }
        for (const { block } of out) block.release();
      }),
      { numRuns: 60 },
    );
  });

  it("reuses a returned block for the same size or a little less", () => {
    const pool = new BlockPool();
    const block = pool.take(4_000);
    expect(pool.take(4_000)).not.toBe(block);
    block.release();
    expect(pool.take(3_000)).toBe(block);
    block.release();
    expect(pool.take(4_097)).not.toBe(block);
    expect(pool.take(1)).not.toBe(block);
  });

  it("reuses a block with a single reference, and not before its last reference was released", () => {
    const pool = new BlockPool();
    const block = pool.take(4_000);
    block.retain();
    block.release();
    expect(pool.take(4_000)).not.toBe(block);
    block.release();
    expect(block.isFree).toBe(true);
    expect(pool.take(4_000)).toBe(block);
    expect(block.isFree).toBe(false);
    block.release();
    expect(block.isFree).toBe(true);
  });

  it("wastes at most a little for a super-frame and for a whole message", () => {
    const pool = new BlockPool();
    for (const size of [65_550 + 22 + 14, 128 * 1024, 256 * 1024 + 14]) {
      expect(pool.take(size).bytes.length).toBeLessThan(size * 1.1);
    }
  });

  it("makes larger blocks on demand, and keeps none of them", () => {
    const pool = new BlockPool();
    const block = pool.take(LARGEST + 1);
    expect(block.bytes).toHaveLength(LARGEST + 1);
    block.release();
    expect(pool.take(LARGEST + 1)).not.toBe(block);
  });

  it("keeps no block of other sizes", () => {
    const pool = new BlockPool();
    const foreign = new Block(new Uint8Array(1_000), pool);
    foreign.release();
    new Block(new Uint8Array(0), pool).release();
    expect(pool.take(1_000)).not.toBe(foreign);
    expect(pool.take(0).bytes.length).toBeGreaterThan(0);
  });

  it("keeps at most 8 MiB, and as much again after that was taken", () => {
    const pool = new BlockPool();
    for (let round = 0; round < 2; round++) {
      const blocks = Array.from({ length: 100 }, () => pool.take(LARGEST));
      for (const block of blocks) block.release();
      const again = Array.from({ length: 100 }, () => pool.take(LARGEST));
      const kept = again.filter((block) => blocks.includes(block)).length;
      expect(kept).toBe(Math.floor((8 * 1024 * 1024) / (again[0]?.weight ?? 0)));
      for (const block of again) block.release();
    }
  });

  it("refuses a block that is released twice or retained too late, so it is never given out twice", () => {
    const pool = new BlockPool();
    const block = pool.take(1_000);
    block.release();
    expect(() => block.release()).toThrow("released twice");
    expect(() => block.retain()).toThrow("retained after its release");
    expect(pool.take(1_000)).toBe(block);
    expect(pool.take(1_000)).not.toBe(block);
  });

  it("throws instead of giving out a block that came back while it was in use", () => {
    const pool = new BlockPool();
    const block = pool.take(1_000);
    pool.takeBack(block);
    expect(() => pool.take(1_000)).toThrow("handed out while it was in use");
  });
});

describe("a hostile block pool", () => {
  it("shows a late reader no frames, neither old ones nor those of the next holder", () => {
    const pool = new BlockPool({ hostile: true });
    const block = pool.take(1_000);
    block.bytes.fill(0x11);
    const late = block.bytes.subarray(10, 20);
    block.release();
    expect([...late]).toEqual(new Array(10).fill(0xdb));
  });

  it("overwrites only when the last reference was released", () => {
    const pool = new BlockPool({ hostile: true });
    const block = pool.take(1_000);
    block.bytes.fill(0x11);
    block.retain();
    block.release();
    expect(block.bytes.every((byte) => byte === 0x11)).toBe(true);
    block.release();
    expect(block.bytes.every((byte) => byte === 0xdb)).toBe(true);
  });

  it.each([0, 1, 500, 1_023])("detects at the next take that byte %d was written after the release", (at) => {
    const pool = new BlockPool({ hostile: true });
    const block = pool.take(1_000);
    block.release();
    block.bytes[at] = 0;
    expect(() => pool.take(1_000)).toThrow("a block of 1024 bytes was written to after its release");
  });

  it("also overwrites blocks that it does not keep", () => {
    const pool = new BlockPool({ hostile: true });
    const block = pool.take(LARGEST + 1);
    block.release();
    expect(block.bytes.every((byte) => byte === 0xdb)).toBe(true);
  });
});
