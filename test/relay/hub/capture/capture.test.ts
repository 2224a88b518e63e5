import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Capture, type CaptureOptions } from "../../../../relay/hub/capture/capture.ts";
import { CaptureMemory } from "../../../../relay/hub/capture/capture-budget.ts";
import { CaptureBuffer } from "../../../../relay/hub/capture/capture-buffer.ts";
import { CAPTURES_PER_NETWORK, Captures } from "../../../../relay/hub/capture/captures.ts";
import { encapsulate } from "../../../../shared/protocol/record.ts";
import { Containment } from "../../../../shared/switch/containment.ts";
import { DROP_REASONS } from "../../../../shared/switch/drops.ts";
import { MacBudget } from "../../../../shared/switch/port.ts";
import { Segment } from "../../../../shared/switch/segment.ts";
import { BlockPool } from "../../../../shared/tunnel/block-pool.ts";
import { Tunnel } from "../../../../shared/tunnel/tunnel.ts";
import { type ReadCapture, readPcapng } from "../../../shared/capture/read-pcapng.ts";
import { BROADCAST, frameBytes, KeepingPort, receive } from "../../../shared/switch/ports.ts";

const A = 0x020000000001;
const B = 0x020000000002;
const GROUP = 0x01005e010203;

/** The clock, in milliseconds. */
const NOW = 1_767_323_045_678;

function capture(options: Partial<CaptureOptions> = {}): Capture {
  return new Capture({ title: "test", clock: () => NOW, nameOf: () => undefined, ...options });
}

/** A segment under observation. */
function lab(options: Partial<CaptureOptions> = {}, ports = 3) {
  const segment = new Segment(101, () => 0);
  const all = Array.from({ length: ports }, (_, i) => new KeepingPort(`port${i}`, new MacBudget(2)));
  for (const port of all) segment.attach(port);
  const observer = capture(options);
  segment.observer = observer;
  return { segment, capture: observer, at: (i: number) => all[i] as KeepingPort };
}

/** Takes everything that waits now. */
function take(capture: Capture): Uint8Array {
  const taken: Uint8Array[] = [];
  for (let bytes = capture.take(); bytes !== undefined; bytes = capture.take()) taken.push(bytes);
  return Buffer.concat(taken);
}

/** Ends it, and takes the rest. */
function rest(capture: Capture): Uint8Array {
  capture.end();
  return take(capture);
}

function ended(capture: Capture): ReadCapture {
  return readPcapng(rest(capture));
}

/** The record of each frame: where it passed, its bytes, and the code in its comment. */
function story({ packets }: ReadCapture): [string, number[], string?][] {
  return packets.map(({ interface: { name }, frame, comment }) => {
    const code = comment === undefined ? [] : [/^dropped: (\S+) \(.+\)$/.exec(comment)?.[1] ?? comment];
    return [name, [...frame], ...code] as [string, number[], string?];
  });
}

describe("a capture", () => {
  it("contains a frame where it came in and at every port it was sent to", () => {
    const { segment, capture, at } = lab();
    receive(segment, at(0), frameBytes(BROADCAST, A));
    receive(segment, at(1), frameBytes(A, B, 7));
    const read = ended(capture);
    expect(story(read)).toEqual([
      ["port0 in", frameBytes(BROADCAST, A)],
      ["port1 out", frameBytes(BROADCAST, A)],
      ["port2 out", frameBytes(BROADCAST, A)],
      ["port1 in", frameBytes(A, B, 7)],
      ["port0 out", frameBytes(A, B, 7)],
    ]);
    for (const {
      direction,
      interface: { name },
      time,
    } of read.packets) {
      expect(direction).toBe(name.endsWith("in") ? "inbound" : "outbound");
      expect(time).toBe(BigInt(NOW) * 1_000_000n);
    }
  });

  it("describes ports by name, VTEP and direction", () => {
    const { segment, capture, at } = lab({ nameOf: ({ id }) => (id === "port0" ? "alice" : undefined) });
    receive(segment, at(0), frameBytes(BROADCAST, A));
    receive(segment, at(2), frameBytes(A, B));
    expect(ended(capture).interfaces.map(({ description }) => description)).toEqual([
      "alice (VTEP port0), inbound: from there to the hub",
      "VTEP port1, outbound: from the hub to there",
      "VTEP port2, outbound: from the hub to there",
      "VTEP port2, inbound: from there to the hub",
      "alice (VTEP port0), outbound: from the hub to there",
    ]);
  });

  it("contains a dropped incoming frame once, with the reason", () => {
    const { segment, capture, at } = lab();
    receive(segment, at(0), frameBytes(BROADCAST, A));
    receive(segment, at(0), frameBytes(A, B));
    receive(segment, at(0), frameBytes(B, GROUP));
    receive(segment, at(0), frameBytes(B, 0));
    receive(segment, at(0), frameBytes(BROADCAST, 3));
    expect(story(ended(capture)).slice(3)).toEqual([
      ["port0 in", frameBytes(A, B), "same-port"],
      ["port0 in", frameBytes(B, GROUP), "group-source"],
      ["port0 in", frameBytes(B, 0), "zero-source"],
      ["port0 in", frameBytes(BROADCAST, 3), "mac-limit"],
    ]);
  });

  it("comments on a dropped frame, although others were sent because of it", () => {
    const { capture, at } = lab();
    const [question, answer] = [Uint8Array.from(frameBytes(BROADCAST, A)), new Uint8Array(70_000)];
    capture.received(at(0), question, 0, question.length);
    capture.sent(at(0), question, 0, question.length);
    capture.dropped(at(0), "answered", question, 0, question.length);
    capture.received(at(1), question, 0, question.length);
    capture.sent(at(1), answer, 0, answer.length);
    capture.dropped(at(1), "answered", question, 0, question.length);
    expect(story(ended(capture)).map(([name, { length }, code]) => [name, length, code])).toEqual([
      ["port0 in", 15, "answered"],
      ["port0 out", 15, undefined],
      ["port1 in", 15, undefined],
      ["port1 out", 70_000, undefined],
      // Too far behind to be changed: repeated.
      ["port1 in", 15, "answered"],
    ]);
  });

  it("does not comment on a frame for a drop of another with the same bytes", () => {
    const { capture, at } = lab();
    const bytes = Uint8Array.from([...frameBytes(B, A), ...frameBytes(B, A)]);
    capture.received(at(0), bytes, 0, 15);
    capture.received(at(0), bytes, 15, 30);
    capture.dropped(at(0), "ethertype", bytes, 15, 30);
    capture.dropped(at(0), "ethertype", bytes, 0, 15);
    expect(story(ended(capture)).map(([, , code]) => code)).toEqual([undefined, "ethertype", "ethertype"]);
  });

  it("contains a frame that its receiver was too slow for twice: as sent, and as dropped", () => {
    const { segment, capture, at } = lab({}, 1);
    const sink = { bufferedAmount: 1e9, isOpen: true, send() {} };
    const options = {
      id: "slow",
      sink,
      batch: true,
      offload: false,
      macs: new MacBudget(1),
      pool: new BlockPool(),
    };
    const slow = new Tunnel({ ...options, queueBytes: 2_000 }).join(segment);
    for (let i = 0; i < 4; i++) receive(segment, at(0), frameBytes(BROADCAST, A, i));
    const read = ended(capture);
    const out = story(read).filter(([name]) => name === "slow out");
    expect(out.filter(([, , code]) => code === undefined)).toHaveLength(slow.txFrames);
    expect(out.filter(([, , code]) => code === "queue-full").map(([, frame]) => frame)).toEqual([
      frameBytes(BROADCAST, A, 0),
      frameBytes(BROADCAST, A, 1),
    ]);
    expect(slow.drops.of("queue-full")).toBe(2);
    expect(read.packets.at(-1)).toMatchObject({ direction: "outbound" });
  });

  it("agrees with the counters, for any frames", () => {
    const macs = [A, B, 3, 4, BROADCAST, GROUP, 0].map((mac) => fc.constant(mac));
    const passing = fc.tuple(fc.nat(2), fc.oneof(...macs), fc.oneof(...macs));
    fc.assert(
      fc.property(fc.array(passing, { maxLength: 60 }), (frames) => {
        const { segment, capture, at } = lab();
        for (const [i, to, from] of frames) receive(segment, at(i), frameBytes(to, from));
        const read = ended(capture);
        for (const i of [0, 1, 2]) {
          const of = (name: string) => read.packets.filter((packet) => packet.interface.name === name);
          const port = at(i);
          expect(of(`port${i} in`)).toHaveLength(port.rxFrames);
          expect(of(`port${i} out`)).toHaveLength(port.frames.length);
          for (const reason of DROP_REASONS) {
            const dropped = of(`port${i} in`).filter(({ comment }) =>
              comment?.startsWith(`dropped: ${reason} `),
            );
            expect(dropped).toHaveLength(port.drops.of(reason));
          }
        }
        for (const { interface: face, received, lost } of read.statistics) {
          const kept = read.packets.filter((packet) => packet.interface === face).length;
          expect([received, lost]).toEqual([kept, 0]);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("keeps frames as they were, whatever happens to their bytes", () => {
    const { capture, at } = lab();
    const bytes = Uint8Array.from(frameBytes(B, A, 1));
    capture.received(at(0), bytes, 0, bytes.length);
    const early = take(capture);
    bytes.fill(0xee);
    capture.sent(at(1), bytes, 0, bytes.length);
    const read = readPcapng(Buffer.concat([early, rest(capture)]));
    expect(story(read)).toEqual([
      ["port0 in", frameBytes(B, A, 1)],
      ["port1 out", [...bytes]],
    ]);
  });

  it("keeps super-frames whole", () => {
    const { capture, at } = lab();
    const bytes = new Uint8Array(65_550 + 22).fill(7);
    encapsulate(bytes, 0, bytes.length, 101, 2);
    capture.received(at(0), bytes, 22, bytes.length);
    expect(ended(capture).packets).toMatchObject([{ originalBytes: 65_550, frame: { length: 65_550 } }]);
  });

  it("of one VTEP contains only its frames", () => {
    const { segment, capture, at } = lab({ vtep: "port1" });
    receive(segment, at(0), frameBytes(BROADCAST, A));
    receive(segment, at(0), frameBytes(A, A));
    receive(segment, at(1), frameBytes(A, B));
    receive(segment, at(1), frameBytes(B, B));
    expect(story(ended(capture))).toEqual([
      ["port1 out", frameBytes(BROADCAST, A)],
      ["port1 in", frameBytes(A, B)],
      ["port1 in", frameBytes(B, B), "same-port"],
    ]);
  });

  it("of drops contains only dropped frames", () => {
    const { segment, capture, at } = lab({ drops: true });
    receive(segment, at(0), frameBytes(BROADCAST, A));
    receive(segment, at(0), frameBytes(A, A));
    receive(segment, at(2), frameBytes(A, B));
    receive(segment, at(2), frameBytes(A, GROUP));
    capture.dropped(at(1), "queue-full", Uint8Array.from(frameBytes(A, B)), 0, 15);
    expect(story(ended(capture))).toEqual([
      ["port0 in", frameBytes(A, A), "same-port"],
      ["port2 in", frameBytes(A, GROUP), "group-source"],
      ["port1 out", frameBytes(A, B), "queue-full"],
    ]);
  });

  it("keeps no more than its limit for a slow client, and reports the loss", () => {
    const { segment, capture, at } = lab({ limits: { bytes: 20_000, interfaces: 100 } }, 1);
    const frame = [...frameBytes(BROADCAST, A), ...new Array<number>(985).fill(0)];
    for (let i = 0; i < 100; i++) receive(segment, at(0), frame);
    const kept = take(capture);
    expect(kept.length).toBeLessThanOrEqual(20_000);
    receive(segment, at(0), frame);
    receive(segment, at(0), frame);
    const read = readPcapng(Buffer.concat([kept, rest(capture)]));
    const first = read.packets.length - 2;
    expect(first).toBeGreaterThan(10);
    expect(read.packets.map(({ lost }) => lost)).toEqual([...new Array(first).fill(0), 100 - first, 0]);
    expect(read.packets.every(({ comment }) => comment?.startsWith("dropped: no-receiver"))).toBe(true);
    expect(read.statistics).toMatchObject([{ received: 102, lost: 100 - first }]);
  });

  it("reports interfaces of which it could keep no frame", () => {
    const { segment, capture, at } = lab({ limits: { bytes: 400, interfaces: 100 } }, 1);
    receive(segment, at(0), [...frameBytes(BROADCAST, A), ...new Array<number>(985).fill(0)]);
    const { packets, statistics } = ended(capture);
    expect(packets).toEqual([]);
    expect(statistics).toMatchObject([{ interface: { name: "port0 in" }, received: 1, lost: 1 }]);
  });

  it("groups ports beyond its limit, so that ports that come and go do not fill it", () => {
    const { segment, capture, at } = lab({ limits: { bytes: 1e6, interfaces: 2 } });
    receive(segment, at(0), frameBytes(BROADCAST, A));
    receive(segment, at(1), frameBytes(BROADCAST, B));
    expect(story(ended(capture)).map(([name]) => name)).toEqual([
      ...["port0 in", "others out", "others out"],
      ...["others in", "port0 out", "others out"],
    ]);
  });

  it("keeps the line alive when there is nothing else to send", () => {
    const { segment, capture, at } = lab();
    capture.keepAlive();
    expect(readPcapng(capture.take() ?? new Uint8Array()).others).toEqual([]);
    capture.keepAlive();
    capture.keepAlive();
    receive(segment, at(0), frameBytes(BROADCAST, A));
    const blocks = Buffer.from(take(capture));
    expect(blocks.readUInt32LE(0)).toBe(4);
    // No second empty block follows, because one already waits.
    expect(blocks.readUInt32LE(16)).toBe(1);
  });

  it("wakes its reader when a block waits, and when the capture ends", async () => {
    const { segment, capture, at } = lab();
    await capture.more();
    take(capture);
    const frame = capture.more();
    receive(segment, at(0), frameBytes(BROADCAST, A));
    await frame;
    take(capture);
    const end = capture.more();
    capture.end();
    await end;
    await capture.more();
    expect(capture.ended).toBe(true);
    take(capture);
    receive(segment, at(0), frameBytes(BROADCAST, A));
    expect(capture.take()).toBeUndefined();
  });
});

describe("the memory of captures", () => {
  const frame = frameBytes(BROADCAST, A);
  const filled = (capture: Capture, port: KeepingPort, bytes: number) => {
    const large = new Uint8Array(1_000);
    for (let i = 0; i < bytes / large.length; i++) capture.received(port, large, 0, large.length);
  };

  it("is small at the start, and grows with what waits", () => {
    const buffer = new CaptureBuffer();
    const sizes: number[] = [];
    for (let i = 0; i < 300; i++) {
      const { chunk } = buffer.place(1_000);
      if (sizes.at(-1) !== chunk.length) sizes.push(chunk.length);
    }
    expect(sizes).toEqual([4_096, 8_192, 16_384, 32_768, 65_536]);
    expect(new CaptureBuffer().place(100_000).chunk).toHaveLength(100_000);
  });

  it("is shared by all captures; frames without room are lost, and reported as lost", () => {
    const memory = new CaptureMemory(20_000);
    const { capture: one, at } = lab({ memory });
    const other = capture({ memory });
    filled(one, at(0), 15_000);
    filled(other, at(0), 15_000);
    expect(memory.used).toBeLessThanOrEqual(20_000);
    take(one);
    filled(other, at(0), 3_000);
    const { packets, statistics } = ended(other);
    expect(statistics[0]?.lost).toBeGreaterThan(5);
    expect(packets.length + (statistics[0]?.lost ?? 0)).toBe(18);
    rest(one);
    expect(memory.used).toBe(0);
  });

  it("is released when a capture is not read for half a minute, which then ends", () => {
    const memory = new CaptureMemory();
    let now = NOW;
    let ends = 0;
    const { segment, capture, at } = lab({ memory, clock: () => now, ended: () => ends++ });
    filled(capture, at(0), 100_000);
    now += 29_000;
    capture.tick();
    take(capture);
    now += 29_000;
    // Little waits in a network with hardly any traffic.
    receive(segment, at(0), frame);
    now += 60_000;
    capture.tick();
    expect(capture.ended).toBe(false);
    take(capture);
    now += 60_000;
    // It waited for frames all the time.
    filled(capture, at(0), 100_000);
    capture.tick();
    expect(capture.ended).toBe(false);
    now += 30_000;
    capture.tick();
    capture.tick();
    expect([capture.ended, ends, memory.used]).toEqual([true, 1, 0]);
    expect(capture.take()).toBeUndefined();
  });
});

const contained = () => new Containment({ at: "captures", clock: () => 0 });

describe("the captures of a network", () => {
  it("end one that fails, and cost neither the frame nor the other captures", () => {
    const { segment, at } = lab();
    const containment = contained();
    const captures = new Captures(segment, containment);
    const options = { title: "test", clock: () => NOW, nameOf: () => undefined };
    const [good, bad] = [captures.start(options), captures.start(options)];
    bad.sent = () => {
      throw new Error("broken");
    };
    receive(segment, at(0), frameBytes(BROADCAST, A, 1));
    expect([good.ended, bad.ended, containment.total]).toEqual([false, true, 1]);
    expect([at(1), at(2)].map(({ frames }) => frames.length)).toEqual([1, 1]);
    expect(story(ended(good))).toHaveLength(3);
  });

  it("have the same frames, each from its beginning to its end", () => {
    const { segment, at } = lab();
    const captures = new Captures(segment, contained());
    const options = { title: "test", clock: () => NOW, nameOf: () => undefined };
    const early = captures.start(options);
    receive(segment, at(0), frameBytes(BROADCAST, A, 1));
    const late = captures.start({ ...options, drops: true });
    receive(segment, at(0), frameBytes(A, A, 2));
    const first = story(ended(early));
    receive(segment, at(0), frameBytes(A, A, 3));
    expect(first.map(([name, frame]) => [name, frame.at(-1)])).toEqual([
      ["port0 in", 1],
      ["port1 out", 1],
      ["port2 out", 1],
      ["port0 in", 2],
    ]);
    expect(story(ended(late)).map(([name, frame]) => [name, frame.at(-1)])).toEqual([
      ["port0 in", 2],
      ["port0 in", 3],
    ]);
  });

  it("cost nothing when none is left, and are limited in number", () => {
    const segment = new Segment(101, () => 0);
    const captures = new Captures(segment, contained());
    const ends: string[] = [];
    const start = () =>
      captures.start({ title: "", clock: () => NOW, nameOf: () => undefined, ended: () => ends.push("end") });
    expect(captures.isEmpty).toBe(true);
    const running = Array.from({ length: CAPTURES_PER_NETWORK }, start);
    expect(start).toThrow(expect.objectContaining({ code: "capture.too-many" }));
    running[0]?.end();
    running[0]?.end();
    expect(ends).toHaveLength(1);
    start();
    captures.end();
    expect(ends).toHaveLength(CAPTURES_PER_NETWORK + 1);
    expect(captures.isEmpty).toBe(true);
    expect(segment.observer).toBeUndefined();
  });
});
