import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Block } from "../../../shared/tunnel/block.ts";
import { demandPoison, LeakWatch, poison } from "../../../shared/tunnel/hostile-memory.ts";
import { collectGarbage } from "../../support/collect-garbage.ts";

describe("poison", () => {
  it("detects a write to any byte", () => {
    const size = fc.integer({ min: 1, max: 70 });
    fc.assert(
      fc.property(size, fc.nat(), fc.integer({ min: 1, max: 255 }), (size, place, change) => {
        const block = new Block(new Uint8Array(size));
        poison(block);
        expect(() => demandPoison(block)).not.toThrow();
        const at = place % size;
        block.bytes[at] = (block.bytes[at] ?? 0) ^ change;
        expect(() => demandPoison(block)).toThrow(
          `a block of ${size} bytes was written to after its release`,
        );
      }),
    );
  });
});

describe("a leak watch", () => {
  /** A separate function, so that no reference to the block remains on the stack. */
  function forget(watch: LeakWatch): void {
    watch.taken(new Block(new Uint8Array(4)));
  }

  function giveBack(watch: LeakWatch): void {
    const block = new Block(new Uint8Array(4));
    watch.taken(block);
    watch.givenBack(block);
  }

  /** Waits until the garbage collector has reported a newly lost block, and so all before it. */
  async function settle(): Promise<void> {
    let told = false;
    const watch = new LeakWatch(() => {
      told = true;
    });
    forget(watch);
    while (!told) await collectGarbage();
  }

  it("reports a block that was lost without a release, and where it was taken", async () => {
    const leaks: string[] = [];
    const watch = new LeakWatch((taken) => leaks.push(taken));
    forget(watch);
    while (leaks.length === 0) await collectGarbage();
    expect(leaks).toHaveLength(1);
    expect(leaks[0]).toMatch(/forget.*hostile-memory\.test\.ts/);
  });

  it("does not report a block that was released or is held", async () => {
    const leaks: string[] = [];
    const watch = new LeakWatch((taken) => leaks.push(taken));
    const held = new Block(new Uint8Array(4));
    watch.taken(held);
    giveBack(watch);
    await settle();
    expect(leaks).toEqual([]);
    watch.givenBack(held);
  });
});
