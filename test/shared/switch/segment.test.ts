import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MacBudget } from "../../../shared/switch/port.ts";
import { Segment } from "../../../shared/switch/segment.ts";
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
