/** The contract of a TapDevice beyond contract.ts, with offload and without. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NEEDS_CSUM, VIRTIO_BYTES, writeVirtio } from "../../../../shared/offload/virtio.ts";
import { MESSAGE_BYTES } from "../../../../shared/protocol/constants.ts";
import type { Rig } from "./contract.ts";
import { framesOf, isExperimental, makeFrame, Reader, turns, WAIT } from "./reader.ts";

/** Asks for a checksum at an unused place of a frame of {@link makeFrame}: for any protocol, without a super-frame. */
const UNFINISHED = header({ flags: NEEDS_CSUM, csumStart: 34, csumOffset: 6 });
const FINISHED = header({});

function header(fields: Parameters<typeof writeVirtio>[2]): Uint8Array {
  const bytes = new Uint8Array(VIRTIO_BYTES);
  writeVirtio(bytes, 0, fields);
  return bytes;
}

function behind(virtio: Uint8Array, frame: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(VIRTIO_BYTES + frame.length);
  bytes.set(virtio);
  bytes.set(frame, VIRTIO_BYTES);
  return bytes;
}

export function offloadContract(driver: string, open: () => Promise<Rig>): void {
  describe(`the ${driver} TAP device`, () => {
    let rig: Rig;

    beforeEach(async () => {
      rig = await open();
    });

    afterEach(async () => {
      await rig.device.close();
      await rig.dispose();
    });

    it("has it", () => {
      expect(rig.device.offload).toBe(true);
    });

    it("reads each frame behind its virtio-net header", async () => {
      const sent = [UNFINISHED, FINISHED, FINISHED, UNFINISHED].map((virtio, i) => ({
        virtio,
        frame: makeFrame(60 + i),
      }));
      const reader = new Reader("keep");
      rig.device.start(reader);

      for (const { frame, virtio } of sent) rig.send(frame, virtio);
      await vi.waitUntil(() => reader.seen.length === sent.length, WAIT);

      const got: Uint8Array[] = [];
      for (const batch of reader.kept) {
        for (let i = 0; i < batch.count; i++) {
          const frame = batch.frameAt(i);
          if (!isExperimental(batch.block.bytes, frame)) continue;
          got.push(batch.block.bytes.slice(frame - VIRTIO_BYTES, batch.endAt(i)));
        }
      }
      expect(got).toEqual(sent.map(({ virtio, frame }) => behind(virtio, frame)));
    });

    it("reads the greatest frames in batches that are one message each", async () => {
      const seen: Uint8Array[] = [];
      const messages: number[] = [];
      for (let i = 0; i < 10; i++) rig.send(makeFrame(65_535, i), UNFINISHED);
      rig.device.start({
        frames: (batch) => {
          seen.push(...framesOf(batch));
          messages.push(batch.endAt(batch.count - 1));
          batch.release();
        },
        failed: () => {},
      });
      await vi.waitUntil(() => seen.length === 10, WAIT);

      expect(seen).toEqual(Array.from({ length: 10 }, (_, i) => makeFrame(65_535, i)));
      expect(Math.max(...messages)).toBeLessThanOrEqual(MESSAGE_BYTES);
    });

    it("writes a frame behind its header, from the middle of a view, and leaves all bytes as they were", async () => {
      const sent = [UNFINISHED, FINISHED, UNFINISHED].map((virtio, i) => behind(virtio, makeFrame(60 + i)));
      const got: Uint8Array[] = [];
      const view = new Uint8Array(1000).subarray(500, 700).fill(0xee);

      for (const bytes of sent) {
        view.set(bytes, 20);
        const before = new Uint8Array(view);
        expect(rig.device.writeOffload(view, 20, 20 + bytes.length)).toBe(true);
        expect(view).toEqual(before);
      }

      await vi.waitUntil(() => got.push(...rig.receivedWithHeaders()) >= sent.length, WAIT);
      expect(got).toEqual(sent);
    });

    it("writes a frame without a header as finished, regardless of the bytes before it", async () => {
      const got: Uint8Array[] = [];
      const bytes = new Uint8Array(200).fill(0xee);
      bytes.set(makeFrame(60), 100);

      expect(rig.device.write(makeFrame(60), 0, 60)).toBe(true);
      expect(rig.device.write(bytes, 100, 160)).toBe(true);

      await vi.waitUntil(() => got.push(...rig.receivedWithHeaders()) >= 2, WAIT);
      expect(got).toEqual([behind(FINISHED, makeFrame(60)), behind(FINISHED, makeFrame(60))]);
    });

    it("rejects a frame shorter than an Ethernet header also behind a virtio-net header", () => {
      expect(rig.device.writeOffload(new Uint8Array(100), 0, VIRTIO_BYTES + 13)).toBe(false);
      expect(rig.device.writeOffload(new Uint8Array(100), 0, VIRTIO_BYTES)).toBe(false);
    });
  });
}

export function noOffloadContract(driver: string, open: () => Promise<Rig>): void {
  describe(`the ${driver} TAP device`, () => {
    it("has no offload, and rejects frames with a virtio-net header", async () => {
      const rig = await open();
      try {
        expect(rig.device.offload).toBe(false);
        for (const virtio of [FINISHED, UNFINISHED]) {
          expect(rig.device.writeOffload(behind(virtio, makeFrame(60)), 0, VIRTIO_BYTES + 60)).toBe(false);
        }
        await turns();
        expect(rig.received()).toEqual([]);
      } finally {
        await rig.device.close();
        await rig.dispose();
      }
    });
  });
}
