import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { StreamDevice } from "../../../../desktop/agent/qemu/stream-device.ts";
import { SLABS } from "../../../../desktop/agent/tap/slab.ts";
import { FRAME_BYTES } from "../../../../shared/protocol/constants.ts";
import { makeFrame, Reader, WAIT } from "../tap/reader.ts";

describe("a virtual machine's stream", () => {
  let machine: Socket;
  let device: StreamDevice;
  /** What the machine received. */
  let heard: Buffer;

  beforeEach(async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    machine = connect({ port: address.port, host: "127.0.0.1", noDelay: true });
    machine.on("error", () => {});
    const [socket] = (await once(server, "connection")) as [Socket];
    server.close();
    heard = Buffer.alloc(0);
    machine.on("data", (chunk) => {
      heard = Buffer.concat([heard, chunk]);
    });
    device = new StreamDevice("qemu0", socket);
  });

  afterEach(async () => {
    await device.close();
    machine.destroy();
  });

  it("delivers frames in order and byte for byte, however the stream is split", async () => {
    const sent = [60, 14, 1514, 61, 9014, 1518, 65_522, 60].map(makeFrame);
    const stream = Buffer.concat(sent.map(message));
    const reader = new Reader();
    device.start(reader);

    for (let at = 0, step = 1; at < stream.length; at += step, step = (step * 7) % 4_099) {
      machine.write(stream.subarray(at, at + step));
      await new Promise(setImmediate);
    }
    await vi.waitUntil(() => reader.seen.length >= sent.length, WAIT);

    expect(reader.seen).toEqual(sent);
  });

  it("writes each frame behind its length", async () => {
    device.start(new Reader());
    const frames = [60, 1514, 14].map(makeFrame);

    for (const frame of frames) expect(device.write(frame, 0, frame.length)).toBe(true);
    const expected = Buffer.concat(frames.map(message));
    await vi.waitUntil(() => heard.length >= expected.length, WAIT);

    expect(heard).toEqual(expected);
  });

  it("never writes an invalid frame", () => {
    device.start(new Reader());

    expect(device.write(new Uint8Array(64), 10, 10)).toBe(false);
    expect(device.write(new Uint8Array(64), 10, 23)).toBe(false);
  });

  it("stops reading while no frame is released, and continues there", async () => {
    const held: { release(): void }[] = [];
    let frames = 0;
    device.start({
      frames: (batch) => {
        frames += batch.count;
        held.push(batch);
      },
      failed: () => {},
    });
    const frame = makeFrame(1_514);
    const total = 4_000;
    for (let i = 0; i < total; i++) machine.write(message(frame));
    // The rest waits in the machine's own socket.
    await vi.waitUntil(() => frames > 0 && machine.writableLength > 0, WAIT);
    const before = frames;
    expect(before).toBeLessThan(total);

    const releasing = setInterval(() => {
      for (const batch of held.splice(0)) batch.release();
    }, 1);
    await vi.waitUntil(() => frames === total, WAIT);
    clearInterval(releasing);

    expect(frames).toBe(total);
  });

  it("delivers complete frames as soon as there is memory for the next", async () => {
    const held: { release(): void }[] = [];
    let frames = 0;
    device.start({
      frames: (batch) => {
        frames += batch.count;
        held.push(batch);
      },
      failed: () => {},
    });
    for (let i = 1; i <= SLABS - 1; i++) {
      machine.write(message(makeFrame(60)));
      await vi.waitUntil(() => frames === i, WAIT);
    }
    // The last slab has one frame, and the beginning of another.
    machine.write(Buffer.concat([message(makeFrame(60)), message(makeFrame(60)).subarray(0, 30)]));
    machine.write(message(makeFrame(60)).subarray(30, 40));
    await delay(100);
    for (const batch of held.splice(0)) batch.release();
    await vi.waitUntil(() => frames === SLABS, WAIT);
  });

  it.each([
    ["zero", 0],
    ["less than an Ethernet header's", 13],
    ["more than any frame's", FRAME_BYTES + 1],
    ["the greatest there is", 0xffff_ffff],
  ])("disconnects a machine that announces a length of %s", async (_what, length) => {
    const failed = vi.fn();
    device.start({ frames: (batch) => batch.release(), failed });
    const header = Buffer.alloc(4);
    header.writeUInt32BE(length);

    machine.write(header);
    await once(machine, "close");

    expect(failed).toHaveBeenCalledOnce();
    expect(failed.mock.calls[0]?.[0]).toMatchObject({
      code: "qemu.gone",
      message: expect.stringContaining(`${length} bytes`),
    });
  });

  it("reports once that the machine has gone", async () => {
    const failed = vi.fn();
    device.start({ frames: (batch) => batch.release(), failed });

    machine.destroy();
    await vi.waitUntil(() => failed.mock.calls.length > 0, WAIT);
    await device.close();

    expect(failed).toHaveBeenCalledOnce();
    expect(device.write(makeFrame(60), 0, 60)).toBe(false);
  });

  it("drops frames for a machine that does not read", async () => {
    device.start(new Reader());
    machine.pause();
    const frame = makeFrame(1_514);

    let taken = 0;
    while (taken < 100_000 && device.write(frame, 0, frame.length)) taken++;

    expect(taken).toBeGreaterThan(100);
    expect(taken).toBeLessThan(100_000);
  });
});

function message(frame: Uint8Array): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(frame.length);
  return Buffer.concat([header, frame]);
}
