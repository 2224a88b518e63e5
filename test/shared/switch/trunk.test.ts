import { describe, expect, it } from "vitest";
import { MacBudget } from "../../../shared/switch/port.ts";
import { Segment } from "../../../shared/switch/segment.ts";
import { Trunk } from "../../../shared/switch/trunk.ts";
import { FRAME_BYTES } from "../../../shared/tunnel/constants.ts";
import { ENCAPSULATION_BYTES, encapsulate } from "../../../shared/tunnel/record.ts";
import { BROADCAST, frameBytes, KeepingPort, receive } from "./ports.ts";

const A = 0x020000000001;
const B = 0x020000000002;

function record(vni: number, frame: readonly number[]): Uint8Array {
  const bytes = Uint8Array.from([...new Array<number>(ENCAPSULATION_BYTES).fill(0), ...frame]);
  encapsulate(bytes, 0, bytes.length, vni);
  return bytes;
}

function lab(offload = false) {
  const messages: Uint8Array[] = [];
  const sink = {
    bufferedAmount: 0,
    send: (message: Uint8Array) => void messages.push(Uint8Array.from(message)),
  };
  const trunk = new Trunk({
    id: "far",
    sink,
    batch: true,
    offload,
    macs: new MacBudget(100),
    queueBytes: 1_000,
  });
  const segments = [new Segment(101, () => 0), new Segment(102, () => 0)] as const;
  const locals = [new KeepingPort("one"), new KeepingPort("two")] as const;
  segments.forEach((segment, i) => {
    segment.attach(locals[i as 0 | 1]);
    trunk.join(segment);
  });
  return { trunk, sink, messages, segments, locals };
}

describe("a trunk", () => {
  it("carries several segments, told apart by VNI, in one message either way", () => {
    const { trunk, segments, locals, messages } = lab();
    const message = Buffer.concat([
      record(102, frameBytes(BROADCAST, A, 2)),
      record(101, frameBytes(BROADCAST, A, 1)),
    ]);
    expect(trunk.receive(message)).toBeUndefined();
    expect(locals[0].frames).toEqual([frameBytes(BROADCAST, A, 1)]);
    expect(locals[1].frames).toEqual([frameBytes(BROADCAST, A, 2)]);
    receive(segments[0], locals[0], frameBytes(A, B));
    receive(segments[1], locals[1], frameBytes(A, B));
    segments[0].flush();
    expect(messages).toEqual([
      Uint8Array.from([...record(101, frameBytes(A, B)), ...record(102, frameBytes(A, B))]),
    ]);
  });

  it("drops and counts what it can't switch, and goes on", () => {
    const { trunk, locals } = lab();
    const flagless = record(101, frameBytes(BROADCAST, A));
    flagless[4] = 0xf7;
    const offload = record(101, [...new Array<number>(10).fill(0), ...frameBytes(BROADCAST, A)]);
    offload[0] = 2;
    const unknown = record(101, frameBytes(BROADCAST, A));
    unknown[0] = 77;
    const huge = record(101, [...frameBytes(BROADCAST, A), ...new Array<number>(FRAME_BYTES).fill(0)]);
    const good = record(101, frameBytes(BROADCAST, A, 5));
    const message = Buffer.concat([
      flagless,
      record(103, frameBytes(BROADCAST, A)),
      offload,
      unknown,
      huge,
      good,
    ]);
    expect(trunk.receive(message)).toBeUndefined();
    expect(trunk.drops.toJSON()).toEqual({
      "no-vni-flag": 1,
      "not-joined": 1,
      "not-negotiated": 1,
      "too-big": 1,
    });
    expect(trunk.unknownRecords).toBe(1);
    expect(locals[0].frames).toEqual([frameBytes(BROADCAST, A, 5)]);
  });

  it("clears reserved bits of what it passes on (RFC 7348 section 5)", () => {
    const { trunk, segments } = lab();
    const seen: number[][] = [];
    const raw = new KeepingPort("raw");
    raw.send = (bytes, start, frame) => void seen.push([...bytes.subarray(start, frame)]);
    segments[0].attach(raw);
    const message = record(101, frameBytes(BROADCAST, A));
    message.set([0xff, 1, 2, 3], 4);
    message[11] = 0xee;
    trunk.receive(message);
    expect(seen).toEqual([[1, 0, 0, 23, 8, 0, 0, 0, 0, 0, 101, 0]]);
  });

  it("lets nothing pass any more once it has left", () => {
    const { trunk, segments, locals, messages } = lab();
    trunk.receive(record(101, frameBytes(BROADCAST, A)));
    expect(trunk.leave(101)).toBe(true);
    expect(trunk.leave(101)).toBe(false);
    trunk.receive(record(101, frameBytes(BROADCAST, A)));
    receive(segments[0], locals[0], frameBytes(A, B));
    segments[0].flush();
    expect(locals[0].frames).toHaveLength(1);
    expect(messages).toEqual([]);
    expect(trunk.drops.of("not-joined")).toBe(1);
  });

  it("counts what does not fit into its receiver's queue, by the port it was for", () => {
    const { sink, segments, locals, messages } = lab();
    sink.bufferedAmount = 1_000_000;
    for (let i = 0; i < 10; i++) receive(segments[0], locals[0], frameBytes(BROADCAST, A, i));
    segments[0].flush();
    const [tunnel] = [...segments[0].ports].filter((port) => port !== locals[0]);
    expect(tunnel?.drops.of("queue-full")).toBeGreaterThan(0);
    expect(messages).toEqual([]);
  });

  it("says why a message is malformed, having switched what stood before", async () => {
    const { trunk, locals } = lab();
    expect(trunk.receive(Buffer.concat([record(101, frameBytes(BROADCAST, A)), Buffer.of(1, 0)]))).toBe(
      "record runs past the end",
    );
    expect(locals[0].frames).toHaveLength(1);
    await Promise.resolve();
    expect(locals[0].flushes).toBe(1);
  });
});
