import { describe, expect, it, vi } from "vitest";
import { MemoryTap } from "../../../../desktop/agent/tap/memory.ts";
import { type Rig, tapContract } from "./contract.ts";
import { noOffloadContract, offloadContract } from "./offload-contract.ts";

async function rig(offload: boolean): Promise<Rig> {
  const received: Uint8Array[] = [];
  const headers: (Uint8Array | undefined)[] = [];
  const device = new MemoryTap({
    offload,
    written: (frame, virtio) => {
      received.push(frame);
      headers.push(virtio);
    },
  });
  return {
    device,
    send: (frame, virtio) => {
      if (!device.inject(frame, virtio)) throw new Error("the queue is full");
    },
    received: () => received.splice(0),
    receivedWithHeaders: () =>
      received.splice(0).map((frame, i) => new Uint8Array([...(headers[i] ?? []), ...frame])),
    exists: () => device.exists,
    down: async () => {
      device.up = false;
    },
    delete: async () => device.delete(),
    dispose: async () => {},
  };
}

tapContract("memory", () => rig(false));
noOffloadContract("memory", () => rig(false));
tapContract("offloading memory", () => rig(true));
offloadContract("offloading memory", () => rig(true));

describe("the queue in front of the memory TAP device", () => {
  it("is bounded, and counts what it drops", async () => {
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

  it("refuses a virtio-net header without offload, or of a wrong length", () => {
    expect(() => new MemoryTap().inject(new Uint8Array(60), new Uint8Array(10))).toThrow(RangeError);
    for (const length of [0, 9, 11]) {
      const device = new MemoryTap({ offload: true });
      expect(() => device.inject(new Uint8Array(60), new Uint8Array(length))).toThrow(RangeError);
    }
  });

  it("keeps a copy of a frame, not the original", async () => {
    const device = new MemoryTap();
    const frame = new Uint8Array(60).fill(7);
    device.inject(frame);
    frame.fill(0);
    const read = await new Promise<Uint8Array>((resolve) => {
      device.start({
        frames: (batch) => resolve(batch.block.bytes.slice(batch.frameAt(0), batch.endAt(0))),
        failed: () => {},
      });
    });
    expect(read).toEqual(new Uint8Array(60).fill(7));
    await device.close();
  });
});
