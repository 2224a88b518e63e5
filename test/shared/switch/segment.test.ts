import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MacBudget } from "../../../shared/switch/port.ts";
import { Segment } from "../../../shared/switch/segment.ts";
import {
  ENCAPSULATION_BYTES,
  encapsulate,
  OFFLOAD_BYTES,
  RECORD_OFFLOAD,
} from "../../../shared/tunnel/record.ts";
import { BROADCAST, frameBytes, KeepingPort, receive } from "./ports.ts";

const A = 0x020000000001;
const B = 0x020000000002;

function lab(ports = 3): { segment: Segment; at: (i: number) => KeepingPort; clock: { seconds: number } } {
  const clock = { seconds: 0 };
  const segment = new Segment(101, () => clock.seconds);
  const all = Array.from({ length: ports }, (_, i) => new KeepingPort(`port${i}`));
  for (const port of all) segment.attach(port);
  return { segment, at: (i) => all[i] as KeepingPort, clock };
}

describe("a segment", () => {
  it("floods what it does not know to all ports but the one it came from", () => {
    const { segment, at } = lab();
    for (const to of [BROADCAST, 0x01005e010203, B]) receive(segment, at(0), frameBytes(to, A));
    expect(at(0).frames).toEqual([]);
    expect(at(1).frames).toEqual([frameBytes(BROADCAST, A), frameBytes(0x01005e010203, A), frameBytes(B, A)]);
    expect(at(2).frames).toEqual(at(1).frames);
  });

  it("sends to an address it has learnt out of one port only", () => {
    const { segment, at } = lab();
    receive(segment, at(0), frameBytes(BROADCAST, A));
    receive(segment, at(1), frameBytes(A, B, 7));
    expect(at(0).frames).toEqual([frameBytes(A, B, 7)]);
    expect(at(2).frames).toEqual([frameBytes(BROADCAST, A)]);
  });

  it("follows a machine to its newest place with the first frame from there", () => {
    const { segment, at } = lab();
    receive(segment, at(0), frameBytes(BROADCAST, A));
    receive(segment, at(2), frameBytes(BROADCAST, A));
    receive(segment, at(1), frameBytes(A, B, 9));
    expect(at(2).frames.at(-1)).toEqual(frameBytes(A, B, 9));
    expect(at(0).frames).toEqual([frameBytes(BROADCAST, A)]);
  });

  it("moves a machine back and forth between two ports that use its address by turns", () => {
    const { segment, at } = lab();
    for (const i of [0, 1, 0, 1, 0]) receive(segment, at(i), frameBytes(BROADCAST, A));
    expect(segment.table.lookup(A)).toBe(at(0));
    expect([at(0).macs.used, at(1).macs.used]).toEqual([1, 0]);
  });

  it("does not send a frame back where it came from", () => {
    const { segment, at } = lab();
    receive(segment, at(0), frameBytes(BROADCAST, A));
    receive(segment, at(0), frameBytes(A, B));
    expect(at(0).frames).toEqual([]);
    expect(at(0).drops.of("same-port")).toBe(1);
  });

  it("drops group and zero sources, learning nothing from them", () => {
    const { segment, at } = lab();
    receive(segment, at(0), frameBytes(B, 0x030000000001));
    receive(segment, at(0), frameBytes(B, 0));
    expect(at(1).frames).toEqual([]);
    expect(at(0).drops.toJSON()).toEqual({ "group-source": 1, "zero-source": 1 });
    expect(segment.table.size).toBe(0);
  });

  it("forgets an address after 300 silent seconds, and not while it is heard", () => {
    const { segment, at, clock } = lab();
    receive(segment, at(0), frameBytes(BROADCAST, A));
    receive(segment, at(1), frameBytes(BROADCAST, B));
    clock.seconds = 200;
    segment.tick();
    receive(segment, at(0), frameBytes(BROADCAST, A));
    clock.seconds = 300;
    segment.tick();
    expect(segment.table.lookup(A)).toBe(at(0));
    expect(segment.table.lookup(B)).toBeUndefined();
    expect(at(1).macs.used).toBe(0);
    receive(segment, at(1), frameBytes(BROADCAST, B));
    expect(segment.table.lookup(B)).toBe(at(1));
  });

  it("forgets everything behind a port that leaves", () => {
    const { segment, at } = lab();
    receive(segment, at(0), frameBytes(BROADCAST, A));
    segment.detach(at(0));
    receive(segment, at(1), frameBytes(A, B));
    expect(at(0).frames).toEqual([]);
    expect(at(2).frames.at(-1)).toEqual(frameBytes(A, B));
  });

  it("drops frames of one address more than a port may have, and goes on with those it has", () => {
    const segment = new Segment(101, () => 0);
    const narrow = new KeepingPort("narrow", new MacBudget(2));
    const other = new KeepingPort("other");
    for (const port of [narrow, other]) segment.attach(port);
    for (const source of [1, 2, 3, 1]) receive(segment, narrow, frameBytes(BROADCAST, A + source));
    expect(other.frames.map((frame) => frame[11])).toEqual([2, 3, 2]);
    expect(narrow.drops.of("mac-limit")).toBe(1);
  });

  it("counts a flood that nobody is there to receive", () => {
    const { segment, at } = lab(1);
    receive(segment, at(0), frameBytes(BROADCAST, A));
    expect(at(0).drops.of("no-receiver")).toBe(1);
  });

  it("flushes the ports that were given something, and tells once all have let go", () => {
    const { segment, at } = lab();
    let told = 0;
    segment.flush(() => told++);
    expect(told).toBe(1);
    receive(segment, at(0), frameBytes(BROADCAST, A));
    receive(segment, at(0), frameBytes(BROADCAST, A));
    segment.flush(() => told++);
    expect([at(0).flushes, at(1).flushes, at(2).flushes, told]).toEqual([0, 1, 1, 2]);
  });

  it("does as a simple model of a switch does, whatever the traffic", () => {
    const machine = fc.integer({ min: 1, max: 6 });
    const hop = fc.record({
      port: fc.integer({ min: 0, max: 3 }),
      from: machine,
      to: fc.integer({ min: 0, max: 6 }),
    });
    fc.assert(
      fc.property(fc.array(hop, { maxLength: 60 }), (traffic) => {
        const { segment, at } = lab(4);
        const where = new Map<number, number>();
        const expected: number[][][] = [[], [], [], []];
        traffic.forEach(({ port, from, to }, i) => {
          const frame = frameBytes(to === 0 ? BROADCAST : A + to, A + from, i);
          receive(segment, at(port), frame);
          where.set(from, port);
          const known = where.get(to);
          const outs = known === undefined ? [0, 1, 2, 3] : [known];
          for (const out of outs) if (out !== port) expected[out]?.push(frame);
        });
        expect([0, 1, 2, 3].map((i) => at(i).frames)).toEqual(expected);
      }),
    );
  });
});

describe("a segment with super-frames", () => {
  /** An IPv4 TCP super-frame's record: two segments of 100 bytes, as a TAP with a virtio-net header gives it. */
  function superRecord(to: number, from: number): Uint8Array {
    const tcp = 20;
    const payload = 200;
    const ip = 20;
    const frame = new Uint8Array(14 + ip + tcp + payload);
    const view = new DataView(frame.buffer);
    frame.set(frameBytes(to, from).slice(0, 12));
    view.setUint16(12, 0x0800);
    view.setUint8(14, 0x45);
    view.setUint16(16, ip + tcp + payload);
    view.setUint8(22, 64);
    view.setUint8(23, 6);
    view.setUint32(26, 0x0a000001);
    view.setUint32(30, 0x0a000002);
    view.setUint16(34, 5201);
    view.setUint16(36, 5201);
    view.setUint8(46, 0x50);
    view.setUint8(47, 0x18);
    for (let i = 0; i < payload; i++) frame[54 + i] = i;
    let sum = 0;
    for (let at = 14; at < 34; at += 2) sum += view.getUint16(at);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    view.setUint16(24, ~sum & 0xffff);
    const bytes = new Uint8Array(OFFLOAD_BYTES + frame.length);
    bytes.set([1, 1, 54, 0, 100, 0, 34, 0, 16, 0], ENCAPSULATION_BYTES);
    bytes.set(frame, OFFLOAD_BYTES);
    encapsulate(bytes, 0, bytes.length, 101, RECORD_OFFLOAD);
    return bytes;
  }

  class RecordPort extends KeepingPort {
    readonly records: Uint8Array[] = [];

    override send(bytes: Uint8Array, start: number, frame: number, end: number): void {
      super.send(bytes, start, frame, end);
      this.records.push(bytes.subarray(start, end));
    }
  }

  it("passes them unchanged to ports that take them, and cuts them once for all that do not", () => {
    const segment = new Segment(101, () => 0);
    const source = new KeepingPort("source");
    const able = new RecordPort("able", new MacBudget(10), true);
    const plain = [new RecordPort("plain 1"), new RecordPort("plain 2")] as const;
    for (const port of [source, able, ...plain]) segment.attach(port);
    const record = superRecord(BROADCAST, A);
    const before = Uint8Array.from(record);
    segment.forward(source, record, 0, OFFLOAD_BYTES, record.length);
    expect(able.records).toEqual([before]);
    for (const port of plain) {
      expect(port.records.map((one) => [one[0], one.length])).toEqual([
        [1, ENCAPSULATION_BYTES + 154],
        [1, ENCAPSULATION_BYTES + 154],
      ]);
    }
    expect(plain[0].records[0]?.buffer).toBe(plain[1].records[0]?.buffer);
    expect(plain[0].frames.flatMap((frame) => frame.slice(54))).toEqual([
      ...before.subarray(OFFLOAD_BYTES + 54),
    ]);
  });

  it("drops and counts what its header describes wrongly, where it would have to be cut", () => {
    const segment = new Segment(101, () => 0);
    const source = new KeepingPort("source");
    const able = new KeepingPort("able", new MacBudget(10), true);
    const plain = new KeepingPort("plain");
    for (const port of [source, able, plain]) segment.attach(port);
    const record = superRecord(BROADCAST, A);
    record[ENCAPSULATION_BYTES + 1] = 99;
    segment.forward(source, record, 0, OFFLOAD_BYTES, record.length);
    expect([able.frames.length, plain.frames.length]).toEqual([1, 0]);
    expect(plain.drops.of("bad-offload")).toBe(1);
  });
});
