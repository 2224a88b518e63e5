import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ENCAPSULATION_BYTES,
  encapsulate,
  OFFLOAD_BYTES,
  RECORD_OFFLOAD,
} from "../../../shared/protocol/record.ts";
import type { DropReason } from "../../../shared/switch/drops.ts";
import { MacTable } from "../../../shared/switch/places/mac-table.ts";
import type { FrameView } from "../../../shared/switch/policy/frame-view.ts";
import type { Policy, PolicyVerdict } from "../../../shared/switch/policy/policy.ts";
import { MacBudget, type Port } from "../../../shared/switch/port.ts";
import { Segment } from "../../../shared/switch/segment.ts";
import { Block } from "../../../shared/tunnel/block.ts";
import { watched } from "../tunnel/blocks.ts";
import { BROADCAST, frameBytes, KeepingPort, receive } from "./ports.ts";

const A = 0x020000000001;
const B = 0x020000000002;

function lab(
  ports = 3,
  table = new MacTable(),
): { segment: Segment; at: (i: number) => KeepingPort; clock: { seconds: number } } {
  const clock = { seconds: 0 };
  const segment = new Segment(101, () => clock.seconds, table);
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

  it("counts a flood without receivers", () => {
    const { segment, at } = lab(1);
    receive(segment, at(0), frameBytes(BROADCAST, A));
    expect(at(0).drops.of("no-receiver")).toBe(1);
  });

  it("flushes the ports that were given something, once each", () => {
    const { segment, at } = lab();
    const flushes = () => [at(0).flushes, at(1).flushes, at(2).flushes];
    segment.flush();
    expect(flushes()).toEqual([0, 0, 0]);
    receive(segment, at(0), frameBytes(BROADCAST, A));
    receive(segment, at(0), frameBytes(BROADCAST, A));
    segment.flush();
    expect(flushes()).toEqual([0, 1, 1]);
    segment.flush();
    expect(flushes()).toEqual([0, 1, 1]);
  });

  it("keeps no reference to what it forwards: only its ports may", () => {
    const segment = new Segment(101, () => 0);
    const kept: Block[] = [];
    const source = new KeepingPort("source");
    const keeping = new KeepingPort("keeping");
    keeping.send = (block) => {
      block.retain();
      kept.push(block);
    };
    for (const port of [source, keeping, new KeepingPort("reading")]) segment.attach(port);
    let freed = 0;
    const bytes = Uint8Array.from([
      ...new Array<number>(ENCAPSULATION_BYTES).fill(0),
      ...frameBytes(BROADCAST, A),
    ]);
    encapsulate(bytes, 0, bytes.length, 101);
    const block = watched(bytes, () => freed++);
    segment.forward(source, block, 0, ENCAPSULATION_BYTES, bytes.length);
    segment.flush();
    block.release();
    expect(freed).toBe(0);
    expect(kept).toEqual([block]);
    for (const one of kept) one.release();
    expect(freed).toBe(1);
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
        // The model does not know that an address which keeps moving is held.
        const { segment, at } = lab(4, new MacTable({ freezes: false }));
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

describe("a segment with a policy", () => {
  it("asks it about all but plain unicast, before anything is learnt, and then where to", () => {
    const { segment, at, policy } = ruled();
    receive(segment, at(0), frameBytes(BROADCAST, A));
    receive(segment, at(1), tcpFrame(A, B));
    expect(policy.told).toEqual(["admit port0: 0 known", "route port0: 1 known"]);
    expect(at(0).frames).toEqual([tcpFrame(A, B)]);
  });

  it("asks it about every frame where it is strict", () => {
    const { segment, at, policy } = ruled({ isStrict: true });
    receive(segment, at(1), tcpFrame(A, B));
    expect(policy.told).toEqual(["admit port1: 0 known", "route port1: 1 known", "unknown port1"]);
  });

  it("drops and counts what it does not admit or route, and learns nothing from the former", () => {
    const { segment, at, policy } = ruled();
    policy.admission = "storm-broadcast";
    receive(segment, at(0), frameBytes(BROADCAST, A));
    expect(segment.table.size).toBe(0);
    policy.admission = undefined;
    policy.verdict = "answered";
    receive(segment, at(0), frameBytes(BROADCAST, A));
    expect(segment.table.lookup(A)).toBe(at(0));
    policy.verdict = "forward";
    policy.flooding = "unknown-unicast";
    receive(segment, at(0), tcpFrame(B, A));
    expect(at(0).drops.toJSON()).toEqual({ "storm-broadcast": 1, answered: 1, "unknown-unicast": 1 });
    expect([at(1).frames, at(2).frames]).toEqual([[], []]);
  });

  it("sends to the ports that it names, but for the sender and those cut off", () => {
    const { segment, at, policy } = ruled();
    policy.verdict = new Set([at(0), at(2)]);
    receive(segment, at(0), frameBytes(BROADCAST, A));
    expect([0, 1, 2].map((i) => at(i).frames.length)).toEqual([0, 0, 1]);
    segment.cut(at(2));
    receive(segment, at(0), frameBytes(BROADCAST, A));
    expect(at(2).frames).toHaveLength(1);
    expect(at(0).drops.toJSON()).toEqual({ "no-group-member": 1 });
  });

  it("tells it of an address that came up elsewhere, whether it may be there or not", () => {
    const { segment, at, policy } = ruled();
    receive(segment, at(0), frameBytes(BROADCAST, A));
    receive(segment, at(1), tcpFrame(BROADCAST, A));
    receive(segment, at(1), frameBytes(BROADCAST, A));
    segment.table.register(B, at(0), 0);
    receive(segment, at(2), frameBytes(BROADCAST, B));
    expect(policy.told.filter((what) => what.startsWith("moved"))).toEqual([
      "moved to port1: true",
      "moved to port2: false",
    ]);
    expect(at(2).drops.toJSON()).toEqual({ "static-mac": 1 });
  });

  it("tells it of ports that come and go, of those that are there already, and of every second", () => {
    const { segment, at, policy } = ruled();
    segment.detach(at(1));
    segment.attach(at(1));
    segment.tick();
    expect(policy.ports).toEqual(["+port0", "+port1", "+port2", "-port1", "+port1", "tick 0"]);
    const next = new RecordingPolicy();
    segment.policy = next;
    expect(next.ports).toEqual(["+port0", "+port2", "+port1"]);
  });

  it("sends at once what it says as a port comes, and in a tick", () => {
    const { segment, at, policy } = ruled();
    policy.greeting = () => segment.toAll(Uint8Array.from(frameBytes(BROADCAST, B)), at(0));
    segment.tick();
    expect([0, 1, 2].map((i) => at(i).frames.length)).toEqual([0, 1, 1]);
    expect([0, 1, 2].map((i) => at(i).flushes)).toEqual([0, 1, 1]);
    expect([at(1).txFrames, at(1).rxFrames]).toEqual([0, 0]);
    segment.detach(at(0));
    segment.attach(at(0));
    expect(at(1).flushes).toBe(2);
  });

  it("takes tags off before it asks, where it says so", () => {
    const { segment, at, policy } = ruled({ stripsTags: true });
    const plain = frameBytes(BROADCAST, A, 7);
    receive(segment, at(0), [...plain.slice(0, 12), 0x81, 0, 0, 5, ...plain.slice(12)]);
    expect(at(1).frames).toEqual([plain]);
    expect(policy.told).toEqual(["admit port0: 0 known", "route port0: 1 known"]);
    receive(segment, at(0), [...plain.slice(0, 12), 0x81, 0, 0, 5]);
    expect(at(0).drops.toJSON()).toEqual({ ethertype: 1 });
  });

  it("gives it one view for all frames, and another for a frame with which a port answers at once", () => {
    const { segment, at, policy } = ruled();
    const seen: [view: FrameView, destination: number][] = [];
    let hasAnswered = false;
    const answering = new (class extends KeepingPort {
      override send(): void {
        if (hasAnswered) return;
        hasAnswered = true;
        receive(segment, this, frameBytes(A, B));
      }
    })("answering");
    policy.routing = (view) => {
      segment.toPort(answering, Uint8Array.from(frameBytes(BROADCAST, B)));
      seen.push([view, view.destination]);
    };
    segment.attach(answering);
    const group = 0x01005e010203;
    receive(segment, at(0), frameBytes(group, A));
    receive(segment, at(0), frameBytes(group, A));
    expect(seen.slice(0, 2).map(([, destination]) => destination)).toEqual([A, group]);
    expect(seen[0]?.[0]).not.toBe(seen[1]?.[0]);
    expect(new Set(seen.map(([view]) => view)).size).toBe(2);
  });

  it("closes a cut port to all frames, plain unicast too, and forgets its addresses", () => {
    const { segment, at } = ruled();
    receive(segment, at(1), frameBytes(BROADCAST, B));
    receive(segment, at(0), tcpFrame(B, A));
    segment.cut(at(0));
    receive(segment, at(0), tcpFrame(B, A));
    expect(at(0).drops.toJSON()).toEqual({ loop: 1 });
    expect(at(1).frames).toHaveLength(1);
    receive(segment, at(1), tcpFrame(A, B));
    expect(at(0).frames).toEqual([frameBytes(BROADCAST, B)]);
    segment.toPort(at(0), Uint8Array.from(frameBytes(BROADCAST, B, 9)));
    expect(at(0).frames.at(-1)).toEqual(frameBytes(BROADCAST, B, 9));
  });

  function ruled(fixed: { isStrict?: boolean; stripsTags?: boolean } = {}) {
    const { segment, at } = lab();
    const policy = new RecordingPolicy(fixed);
    policy.known = () => segment.table.size;
    segment.policy = policy;
    return { segment, at, policy };
  }

  /** Unicast that concerns no part of the policy: IPv4 with TCP. */
  function tcpFrame(to: number, from: number): number[] {
    const ip = [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    return [...frameBytes(to, from).slice(0, 12), 0x08, 0x00, ...ip];
  }
});

/** Decides as it is told, and keeps what it was asked. */
class RecordingPolicy implements Policy {
  readonly isStrict: boolean;
  readonly stripsTags: boolean;
  readonly told: string[] = [];
  readonly ports: string[] = [];
  admission: DropReason | undefined;
  verdict: PolicyVerdict = "forward";
  flooding: DropReason | undefined;
  known = () => 0;
  routing = (_view: FrameView) => {};
  greeting = () => {};

  constructor({ isStrict = false, stripsTags = false }: { isStrict?: boolean; stripsTags?: boolean } = {}) {
    this.isStrict = isStrict;
    this.stripsTags = stripsTags;
  }

  attach(port: Port): void {
    this.ports.push(`+${port.id}`);
    this.greeting();
  }

  detach(port: Port): void {
    this.ports.push(`-${port.id}`);
  }

  tick(now: number): void {
    this.ports.push(`tick ${now}`);
    this.greeting();
  }

  admit(from: Port): DropReason | undefined {
    this.told.push(`admit ${from.id}: ${this.known()} known`);
    return this.admission;
  }

  route(from: Port, view: FrameView): PolicyVerdict {
    this.routing(view);
    this.told.push(`route ${from.id}: ${this.known()} known`);
    return this.verdict;
  }

  admitUnknown(from: Port): DropReason | undefined {
    this.told.push(`unknown ${from.id}`);
    return this.flooding;
  }

  noteMove(to: Port, accepted: boolean): void {
    this.told.push(`moved to ${to.id}: ${accepted}`);
  }
}

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

    override send(block: Block, start: number, frame: number, end: number): void {
      super.send(block, start, frame, end);
      this.records.push(block.bytes.subarray(start, end));
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
    segment.forward(source, new Block(record), 0, OFFLOAD_BYTES, record.length);
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
    segment.forward(source, new Block(record), 0, OFFLOAD_BYTES, record.length);
    expect([able.frames.length, plain.frames.length]).toEqual([1, 0]);
    expect(plain.drops.of("bad-offload")).toBe(1);
  });
});
