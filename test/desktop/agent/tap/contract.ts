/** The contract of every TapDevice, for any way to reach the kernel; each driver's test runs it. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { TapDevice } from "../../../../desktop/agent/tap/device.ts";
import { BATCH_FRAMES, SLABS } from "../../../../desktop/agent/tap/slab.ts";
import { framesOf, makeFrame, Reader, sequenceOf, turns, WAIT } from "./reader.ts";

/** A device and its other side, played by a kernel or a test. */
export interface Rig {
  readonly device: TapDevice;
  /** Unused bytes before each frame beyond its headroom; none by default. */
  readonly gap?: number;
  /** Sends a frame as an application on this machine would; with offload, with this virtio-net header. */
  send(frame: Uint8Array, virtio?: Uint8Array): void;
  /** Returns the frames written to the device since the last call. */
  received(): Uint8Array[];
  /** The same for a device with offload, each frame behind its virtio-net header. */
  receivedWithHeaders(): Uint8Array[];
  exists(): boolean;
  /** Takes the interface down. */
  down(): Promise<void>;
  /** Deletes the interface as another program would. */
  delete(): Promise<void>;
  /** Releases everything except the device. */
  dispose(): Promise<void>;
}

/** Fewer than the other side holds without a reader, for all drivers. */
const QUEUED_FRAMES = 600;

export function tapContract(driver: string, open: () => Promise<Rig>): void {
  describe(`the ${driver} TAP device`, () => {
    let rig: Rig;

    beforeEach(async () => {
      rig = await open();
    });

    afterEach(async () => {
      await rig.device.close();
      await rig.dispose();
    });

    it("has an interface until it is closed", async () => {
      expect(rig.exists()).toBe(true);
      expect(rig.device.name).not.toBe("");

      await rig.device.close();

      expect(rig.exists()).toBe(false);
    });

    it("reads frames in order and byte for byte", async () => {
      const sent = [14, 15, 60, 61, 1514, 14, 9014, 65_535, 60].map(makeFrame);
      const reader = new Reader();
      rig.device.start(reader);

      for (const frame of sent) rig.send(frame);
      await vi.waitUntil(() => reader.seen.length >= sent.length, WAIT);

      expect(reader.seen).toEqual(sent);
    });

    it("packs the frames of a batch with room for headers in front of each", async () => {
      const { headroom } = rig.device;
      const { gap = 0 } = rig;
      // Record and VXLAN header (12 bytes), and the virtio-net header (10).
      expect(headroom).toBe(rig.device.offload ? 22 : 12);
      const reader = new Reader("keep");
      for (let i = 0; i < 40; i++) rig.send(makeFrame(60 + i, i));
      rig.device.start(reader);
      await vi.waitUntil(() => reader.seen.length === 40, WAIT);

      for (const batch of reader.kept) {
        expect(batch.count).toBeLessThanOrEqual(BATCH_FRAMES);
        expect(batch.frameAt(0)).toBe(gap + headroom);
        for (let i = 1; i < batch.count; i++)
          expect(batch.frameAt(i) - headroom - gap).toBe(batch.endAt(i - 1));
      }
    });

    it("leaves the frames alone when all headers are filled in", async () => {
      const { headroom } = rig.device;
      const sent = Array.from({ length: 40 }, (_, i) => makeFrame(60 + i, i));
      const reader = new Reader("keep");
      for (const frame of sent) rig.send(frame);
      rig.device.start(reader);
      await vi.waitUntil(() => reader.seen.length === sent.length, WAIT);

      for (const batch of reader.kept) {
        for (let i = 0; i < batch.count; i++)
          batch.block.bytes.fill(0xff, batch.frameAt(i) - headroom, batch.frameAt(i));
      }

      expect(reader.kept.flatMap(framesOf)).toEqual(sent);
    });

    it("reads thousands of frames and loses none", async () => {
      const total = 6000;
      const reader = new Reader();
      rig.device.start(reader);

      for (let sent = 0; sent < total; ) {
        for (let i = 0; i < 300; i++) rig.send(makeFrame(100, sent++));
        await vi.waitUntil(() => reader.seen.length >= sent, WAIT);
      }

      expect(reader.seen.map(sequenceOf)).toEqual(Array.from({ length: total }, (_, i) => i));
    });

    it("stops reading while all batches are out, goes on when one is released, and loses nothing", async () => {
      const reader = new Reader("keep");
      rig.device.start(reader);
      for (let i = 0; i < QUEUED_FRAMES; i++) rig.send(makeFrame(200, i));
      await vi.waitUntil(() => reader.kept.length === SLABS, WAIT);
      await turns();
      expect(reader.kept.length).toBe(SLABS);
      const before = reader.seen.length;
      expect(before).toBeLessThanOrEqual(SLABS * BATCH_FRAMES);

      reader.kept.shift()?.release();
      await vi.waitUntil(() => reader.seen.length > before, WAIT);
      await turns();
      expect(reader.kept.length).toBe(SLABS);

      reader.releaseAll();
      await vi.waitUntil(() => reader.seen.length === QUEUED_FRAMES, WAIT);
      expect(reader.seen.map(sequenceOf)).toEqual(Array.from({ length: QUEUED_FRAMES }, (_, i) => i));
    });

    it("leaves a batch untouched until it is released, whatever comes after it", async () => {
      const reader = new Reader("keep");
      rig.device.start(reader);
      rig.send(makeFrame(100, 0));
      await vi.waitUntil(() => reader.kept.length === 1, WAIT);
      const [first] = reader.kept;
      reader.mode = "release";

      for (let i = 1; i <= QUEUED_FRAMES; i++) rig.send(makeFrame(100, i));
      await vi.waitUntil(() => reader.seen.length === QUEUED_FRAMES + 1, WAIT);

      expect(first === undefined ? [] : framesOf(first)).toEqual([makeFrame(100, 0)]);
    });

    it("writes frames in order and byte for byte", async () => {
      const sent = [14, 15, 60, 61, 1514, 14, 9014, 65_535, 60].map(makeFrame);
      const got: Uint8Array[] = [];

      for (const frame of sent) expect(rig.device.write(frame, 0, frame.length)).toBe(true);

      await vi.waitUntil(() => got.push(...rig.received()) >= sent.length, WAIT);
      expect(got).toEqual(sent);
    });

    it("writes a frame from the middle of a view, and is done with the bytes when it returns", async () => {
      const frames = [makeFrame(60, 1), makeFrame(61, 2), makeFrame(62, 3)];
      const memory = new Uint8Array(1000);
      const view = memory.subarray(500, 700);
      const got: Uint8Array[] = [];

      for (const frame of frames) {
        view.set(frame, 20);
        expect(rig.device.write(view, 20, 20 + frame.length)).toBe(true);
        memory.fill(0);
      }

      await vi.waitUntil(() => got.push(...rig.received()) >= frames.length, WAIT);
      expect(got).toEqual(frames);
    });

    it.each([0, 9, 10, 300])(
      "leaves all bytes as they were when it writes the frame at %d",
      async (frame) => {
        const bytes = new Uint8Array(600).map((_, i) => i * 11 + 1);
        bytes.set(makeFrame(100), frame);
        const before = new Uint8Array(bytes);
        const got: Uint8Array[] = [];

        expect(rig.device.write(bytes, frame, frame + 100)).toBe(true);

        expect(bytes).toEqual(before);
        await vi.waitUntil(() => got.push(...rig.received()) >= 1, WAIT);
        expect(got).toEqual([makeFrame(100)]);
      },
    );

    it("writes thousands of frames and loses none", async () => {
      const total = 6000;
      const got: Uint8Array[] = [];
      for (let sent = 0; sent < total; ) {
        for (let i = 0; i < 300; i++) {
          const frame = makeFrame(100, sent++);
          expect(rig.device.write(frame, 0, frame.length)).toBe(true);
        }
        await vi.waitUntil(() => got.push(...rig.received()) >= sent, WAIT);
      }
      expect(got.map(sequenceOf)).toEqual(Array.from({ length: total }, (_, i) => i));
    });

    it("takes no frame shorter than an Ethernet header", () => {
      expect(rig.device.write(new Uint8Array(100), 10, 23)).toBe(false);
      expect(rig.device.write(new Uint8Array(100), 10, 10)).toBe(false);
    });

    it("refuses a range outside the bytes, and writes nothing", async () => {
      const bytes = makeFrame(100);
      for (const [frame, end] of [
        [0, 101],
        [-1, 60],
        [80, 60],
        [Number.NaN, 60],
        [0, Number.NaN],
        [101, 201],
      ] as const) {
        expect(() => rig.device.write(bytes, frame, end)).toThrow(RangeError);
      }
      await turns();
      expect(rig.received()).toEqual([]);
    });

    it("refuses a range outside the bytes with a virtio-net header too", () => {
      const bytes = new Uint8Array(100);
      for (const [virtio, end] of [
        [0, 101],
        [-1, 60],
        [80, 60],
        [51, 60],
        [Number.NaN, 60],
        [0, Number.NaN],
      ] as const) {
        expect(() => rig.device.writeOffload(bytes, virtio, end)).toThrow(RangeError);
      }
    });

    it("takes no frame while the interface is down", async () => {
      await rig.down();
      expect(rig.device.write(makeFrame(60), 0, 60)).toBe(false);
      expect(rig.device.writeOffload(new Uint8Array(70), 0, 70)).toBe(false);
    });

    it("is started once", () => {
      rig.device.start(new Reader());
      expect(() => rig.device.start(new Reader())).toThrow("once");
    });

    it("can be closed without having been started, and again", async () => {
      const closing = rig.device.close();
      expect(rig.device.close()).toBe(closing);
      await closing;
      expect(() => rig.device.start(new Reader())).toThrow("once");
      expect(rig.device.write(makeFrame(60), 0, 60)).toBe(false);
    });

    it("can be closed while batches are out, which stay readable and come back without effect", async () => {
      const reader = new Reader("keep");
      rig.device.start(reader);
      for (let i = 0; i < QUEUED_FRAMES; i++) rig.send(makeFrame(200, i));
      await vi.waitUntil(() => reader.kept.length === SLABS, WAIT);
      const before = reader.seen.length;

      await rig.device.close();

      expect(reader.kept.flatMap(framesOf)).toEqual(reader.seen);
      reader.releaseAll();
      await turns();
      expect(reader.seen.length).toBe(before);
      expect(reader.failures).toEqual([]);
    });

    it("can be closed from within a callback, and makes no further calls", async () => {
      const reader = new Reader();
      let closed: Promise<void> | undefined;
      reader.onFrames = () => {
        closed = rig.device.close();
      };
      for (let i = 0; i < QUEUED_FRAMES; i++) rig.send(makeFrame(200, i));
      rig.device.start(reader);
      await vi.waitUntil(() => closed !== undefined, WAIT);
      await closed;
      await turns();

      expect(reader.batches).toBe(1);
      expect(rig.exists()).toBe(false);
    });

    it("reports once that the interface was deleted by another program", async () => {
      const reader = new Reader();
      rig.device.start(reader);
      rig.send(makeFrame(60));
      await vi.waitUntil(() => reader.seen.length === 1, WAIT);

      await rig.delete();
      await vi.waitUntil(() => reader.failures.length > 0, WAIT);

      expect(rig.device.write(makeFrame(60), 0, 60)).toBe(false);
      await turns();
      expect(reader.failures).toEqual([expect.objectContaining({ code: "tap.gone" })]);
      expect(rig.exists()).toBe(false);
    });

    it("reports a deletion that happened while all batches were out once one is released", async () => {
      const reader = new Reader("keep");
      rig.device.start(reader);
      for (let i = 0; i < QUEUED_FRAMES; i++) rig.send(makeFrame(200, i));
      await vi.waitUntil(() => reader.kept.length === SLABS, WAIT);

      await rig.delete();
      reader.releaseAll();

      await vi.waitUntil(() => reader.failures.length > 0, WAIT);
      await turns();
      expect(reader.failures).toEqual([expect.objectContaining({ code: "tap.gone" })]);
    });

    it("does not report a deletion after it was closed", async () => {
      const reader = new Reader();
      rig.device.start(reader);
      const closing = rig.device.close();
      await rig.delete();
      await closing;
      await turns();
      expect(reader.failures).toEqual([]);
    });
  });
}
