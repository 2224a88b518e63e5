import { describe, expect, it, vi } from "vitest";
import { MemoryTap } from "../../../../desktop/agent/tap/memory.ts";
import { tapContract } from "./contract.ts";

tapContract("memory", async () => {
  const received: Uint8Array[] = [];
  const device = new MemoryTap({ written: (frame) => received.push(frame) });
  return {
    device,
    send: (frame) => {
      if (!device.inject(frame)) throw new Error("the queue is full");
    },
    received: () => received.splice(0),
    exists: () => device.exists,
    down: async () => {
      device.up = false;
    },
    delete: async () => device.delete(),
    dispose: async () => {},
  };
});

describe("the queue in front of the memory TAP device", () => {
  it("is bounded, and counts what it did not take", async () => {
    const device = new MemoryTap({ queueFrames: 3 });
    expect(Array.from({ length: 5 }, () => device.inject(new Uint8Array(60)))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(device.dropped).toBe(2);

    let frames = 0;
    device.start({
      frames: (batch) => {
        frames += batch.count;
        batch.release();
      },
      failed: () => {},
    });
    await vi.waitUntil(() => frames === 3);
    expect(device.inject(new Uint8Array(60))).toBe(true);
    await device.close();
  });

  it("takes nothing while the interface is down or gone", async () => {
    const device = new MemoryTap();
    device.up = false;
    expect(device.inject(new Uint8Array(60))).toBe(false);
    device.up = true;
    expect(device.inject(new Uint8Array(60))).toBe(true);
    await device.close();
    expect(device.inject(new Uint8Array(60))).toBe(false);
  });

  it.each([0, 13, 65_551])("refuses %d bytes, which are no Ethernet frame", (length) => {
    expect(() => new MemoryTap().inject(new Uint8Array(length))).toThrow(RangeError);
  });

  it("keeps a copy of a frame, not the frame", async () => {
    const device = new MemoryTap();
    const frame = new Uint8Array(60).fill(7);
    device.inject(frame);
    frame.fill(0);
    const read = await new Promise<Uint8Array>((resolve) => {
      device.start({
        frames: (batch) => resolve(batch.bytes.slice(batch.frameAt(0), batch.endAt(0))),
        failed: () => {},
      });
    });
    expect(read).toEqual(new Uint8Array(60).fill(7));
    await device.close();
  });
});
