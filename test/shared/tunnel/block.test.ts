import { describe, expect, it } from "vitest";
import { Block } from "../../../shared/tunnel/block.ts";

/** A block, and how often its home got it back. */
function homed(): { readonly block: Block; readonly came: Block[] } {
  const came: Block[] = [];
  const block = new Block(new Uint8Array(4), { takeBack: (back) => came.push(back) });
  return { block, came };
}

describe("a block", () => {
  it("goes home with its last reference, and not earlier", () => {
    const { block, came } = homed();
    block.retain();
    block.retain();
    block.release();
    block.release();
    expect(came).toEqual([]);
    expect(block.isFree).toBe(false);
    block.release();
    expect(came).toEqual([block]);
    expect(block.isFree).toBe(true);
  });

  it("is free when its home receives it", () => {
    const free: boolean[] = [];
    new Block(new Uint8Array(4), { takeBack: ({ isFree }) => free.push(isFree) }).release();
    expect(free).toEqual([true]);
  });

  it("throws when it is released once too often, and still goes home only once", () => {
    const { block, came } = homed();
    block.release();
    expect(() => block.release()).toThrow("released twice");
    expect(() => block.release()).toThrow("released twice");
    expect(came).toEqual([block]);
  });

  it("throws when it is retained after its release, and stays free", () => {
    const { block, came } = homed();
    block.release();
    expect(() => block.retain()).toThrow("retained after its release");
    expect(block.isFree).toBe(true);
    expect(came).toEqual([block]);
  });

  it("has a single reference again when its home uses it again", () => {
    const { block, came } = homed();
    block.retain();
    block.release();
    block.release();
    block.reuse();
    expect(block.isFree).toBe(false);
    block.release();
    expect(came).toEqual([block, block]);
  });

  it("throws when it is reused while it has holders", () => {
    const { block } = homed();
    expect(() => block.reuse()).toThrow("handed out while it was in use");
    block.release();
    block.reuse();
    expect(() => block.reuse()).toThrow("handed out while it was in use");
  });

  it("needs no home", () => {
    const block = new Block(new Uint8Array(4));
    block.release();
    expect(block.isFree).toBe(true);
    expect(() => block.release()).toThrow("released twice");
  });
});
