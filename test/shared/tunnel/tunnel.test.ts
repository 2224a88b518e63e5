import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FRAME_BYTES, MESSAGE_BYTES } from "../../../shared/protocol/constants.ts";
import {
  ENCAPSULATION_BYTES,
  encapsulate,
  type RecordFault,
  readRecords,
} from "../../../shared/protocol/record.ts";
import { MacBudget } from "../../../shared/switch/port.ts";
import { Segment } from "../../../shared/switch/segment.ts";
import { RECORD_WORK, Work } from "../../../shared/switch/work.ts";
import { Block } from "../../../shared/tunnel/block.ts";
import { type MessageSink, WINDOW_BYTES } from "../../../shared/tunnel/outbox.ts";
import { Tunnel, type TunnelPort } from "../../../shared/tunnel/tunnel.ts";
import { BROADCAST, frameBytes, KeepingPort, receive } from "../switch/ports.ts";
import { LEAST_RECORD_BYTES, readRecord, type Told, writeRecord } from "../switch/waiting.ts";
import { watched } from "./blocks.ts";
import { CountingPool } from "./counting-pool.ts";
import { SlowSink } from "./slow-sink.ts";

const A = 0x020000000001;
const B = 0x020000000002;

function record(vni: number, frame: readonly number[]): Uint8Array {
  const bytes = Uint8Array.from([...new Array<number>(ENCAPSULATION_BYTES).fill(0), ...frame]);
  encapsulate(bytes, 0, bytes.length, vni);
  return bytes;
}

function lab(offload = false) {
  const messages: Uint8Array[] = [];
  const sink: MessageSink & { bufferedAmount: number } = {
    bufferedAmount: 0,
    isOpen: true,
    send(block, start, end) {
      messages.push(Uint8Array.from(block.bytes.subarray(start, end)));
      block.release();
    },
  };
  const tunnel = new Tunnel({
    id: "far",
    sink,
    batch: true,
    offload,
    macs: new MacBudget(100),
    pool: new CountingPool(),
    queueBytes: 1_000,
  });
  const segments = [new Segment(101, () => 0), new Segment(102, () => 0)] as const;
  const locals = [new KeepingPort("one"), new KeepingPort("two")] as const;
  segments.forEach((segment, i) => {
    segment.attach(locals[i as 0 | 1]);
    tunnel.join(segment);
  });
  return { tunnel, sink, messages, segments, locals };
}

/** Makes a tunnel receive a whole message. @returns the fault if it is malformed */
function receiveAll(tunnel: Tunnel, message: Uint8Array): RecordFault | undefined {
  const done = tunnel.receive(new Block(message), message.length);
  if (typeof done === "string") return done;
  expect(done).toBe(message.length);
  return undefined;
}

describe("a tunnel", () => {
  it("carries several segments, selected by VNI, in one message in both directions", () => {
    const { tunnel, segments, locals, messages } = lab();
    const message = Buffer.concat([
      record(102, frameBytes(BROADCAST, A, 2)),
      record(101, frameBytes(BROADCAST, A, 1)),
    ]);
    expect(receiveAll(tunnel, message)).toBeUndefined();
    expect(locals[0].frames).toEqual([frameBytes(BROADCAST, A, 1)]);
    expect(locals[1].frames).toEqual([frameBytes(BROADCAST, A, 2)]);
    receive(segments[0], locals[0], frameBytes(A, B));
    receive(segments[1], locals[1], frameBytes(A, B));
    segments[0].flush();
    expect(messages).toEqual([
      Uint8Array.from([...record(101, frameBytes(A, B)), ...record(102, frameBytes(A, B))]),
    ]);
  });

  it("drops and counts records that it cannot switch, and continues", () => {
    const { tunnel, locals } = lab();
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
    expect(receiveAll(tunnel, message)).toBeUndefined();
    expect(tunnel.drops.toJSON()).toEqual({
      "no-vni-flag": 1,
      "not-joined": 1,
      "not-negotiated": 1,
      "too-big": 1,
    });
    expect(tunnel.unknownRecords).toBe(1);
    expect(locals[0].frames).toEqual([frameBytes(BROADCAST, A, 5)]);
  });

  it("clears reserved bits of forwarded records (RFC 7348 section 5)", () => {
    const { tunnel, segments } = lab();
    const seen: number[][] = [];
    const raw = new KeepingPort("raw");
    raw.send = ({ bytes }, start, frame) => void seen.push([...bytes.subarray(start, frame)]);
    segments[0].attach(raw);
    const message = record(101, frameBytes(BROADCAST, A));
    message.set([0xff, 1, 2, 3], 4);
    message[11] = 0xee;
    receiveAll(tunnel, message);
    expect(seen).toEqual([[1, 0, 0, 23, 8, 0, 0, 0, 0, 0, 101, 0]]);
  });

  it("passes nothing after it has left", () => {
    const { tunnel, segments, locals, messages } = lab();
    receiveAll(tunnel, record(101, frameBytes(BROADCAST, A)));
    expect(tunnel.leave(101)).toBe(true);
    expect(tunnel.leave(101)).toBe(false);
    receiveAll(tunnel, record(101, frameBytes(BROADCAST, A)));
    receive(segments[0], locals[0], frameBytes(A, B));
    segments[0].flush();
    expect(locals[0].frames).toHaveLength(1);
    expect(messages).toEqual([]);
    expect(tunnel.drops.of("not-joined")).toBe(1);
  });

  it("counts records that do not fit into their receiver's queue, by port", () => {
    const { sink, segments, locals, messages } = lab();
    sink.bufferedAmount = 1_000_000;
    for (let i = 0; i < 10; i++) receive(segments[0], locals[0], frameBytes(BROADCAST, A, i));
    segments[0].flush();
    const [tunnelPort] = [...segments[0].ports].filter((port) => port !== locals[0]);
    expect(tunnelPort?.drops.of("queue-full")).toBeGreaterThan(0);
    expect(messages).toEqual([]);
  });

  it("reports the fault of a malformed message, after switching the records before it", async () => {
    const { tunnel, locals } = lab();
    const message = Buffer.concat([record(101, frameBytes(BROADCAST, A)), Buffer.of(1, 0)]);
    expect(receiveAll(tunnel, message)).toBe("record runs past the end");
    expect(locals[0].frames).toHaveLength(1);
    await Promise.resolve();
    expect(locals[0].flushes).toBe(1);
  });
});

describe("a tunnel whose work is bounded", () => {
  it("stops between records when its share of work is done, and continues from there", () => {
    const work = new Work();
    const macs = new MacBudget(100);
    const sink = new SlowSink();
    const tunnel = new Tunnel({
      id: "far",
      sink,
      batch: true,
      offload: false,
      macs,
      pool: new CountingPool(),
      work,
    });
    const segment = new Segment(101, () => 0, undefined, work);
    const local = new KeepingPort("local");
    segment.attach(local);
    tunnel.join(segment);
    const message = Buffer.concat(
      [1, 2, 3, 4].map((payload) => record(101, frameBytes(BROADCAST, A, payload))),
    );
    const block = new Block(message);
    const size = message.length / 4;
    // The first record exceeds the work but is done anyway, or no work would ever progress.
    work.limit = 1;
    expect(tunnel.receive(block, message.length)).toBe(size);
    expect(tunnel.receive(block, message.length, size)).toBe(2 * size);
    work.limit = Number.POSITIVE_INFINITY;
    expect(tunnel.receive(block, message.length, 2 * size)).toBe(message.length);
    expect(local.frames).toEqual([1, 2, 3, 4].map((payload) => frameBytes(BROADCAST, A, payload)));
    expect(work.done).toBeGreaterThanOrEqual(4 * RECORD_WORK);
  });
});

/** Where `station` of a {@link relay} is. */
const address = (station: number) => 0x0200_0000_0100 + station;

interface Part {
  vni: number;
  /** The receiving station; the sender itself stands for all. */
  to: number;
  size: number;
}

/** Trunks of several VTEPs, all joined in the same segments, whose networks take messages when told. */
function relay(stations: number, queueBytes: number) {
  const pool = new CountingPool();
  const segments = [new Segment(101, () => 0), new Segment(102, () => 0)] as const;
  const written = new Map<number, Told>();
  /** Bytes of the received messages whose memory is still in use. */
  const held = new Map<number, number>();
  let messages = 0;

  const all = Array.from({ length: stations }, (_, i) => {
    const got: number[] = [];
    const sink = new SlowSink((message) => {
      const record = (_type: number, block: Block, start: number, end: number) => {
        const told = readRecord({ block, start, end });
        expect(told).toEqual(written.get(told.number));
        got.push(told.number);
        return true;
      };
      expect(readRecords(new Block(message), 0, message.length, true, { record })).toBe(message.length);
    });
    const macs = new MacBudget(100);
    const tunnel = new Tunnel({ id: `${i}`, sink, batch: true, offload: false, macs, pool, queueBytes });
    const ports: TunnelPort[] = segments.map((segment) => tunnel.join(segment));
    return { tunnel, sink, got, ports };
  });

  /**
   * Delivers a message of these records, whose memory is reused once it is free.
   *
   * @returns the fault if it is malformed
   */
  function send(from: number, parts: readonly Part[], tail: readonly number[] = []) {
    const message = new Uint8Array(parts.reduce((sum, { size }) => sum + size, tail.length));
    let start = 0;
    for (const { vni, to, size } of parts) {
      const number = written.size;
      const destination = to === from ? BROADCAST : address(to);
      writeRecord(message, start, start + size, address(from), number, { vni, destination });
      written.set(number, { flow: address(from), number, size });
      start += size;
    }
    message.set(tail, start);
    const id = messages++;
    held.set(id, message.length);
    const block = watched(message, () => {
      if (!held.delete(id)) throw new Error("a message was released twice");
      message.fill(0xdb);
    });
    const done = all[from]?.tunnel.receive(block, message.length);
    block.release();
    if (typeof done === "string") return done;
    expect(done).toBe(message.length);
    return undefined;
  }

  const heldBytes = () => [...held.values()].reduce((sum, size) => sum + size, 0);
  return { pool, segments, all, send, held, heldBytes };
}

/** Resolves when the trunks have sent everything received in this turn. */
const turn = () => new Promise<void>((resolve) => queueMicrotask(resolve));

describe("the memory of a message", () => {
  it("is freed once, and not before it was sent to every receiver, whatever they do", async () => {
    const station = fc.nat(3);
    const vni = fc.constantFrom(101, 102, 103);
    const size = fc.oneof(
      fc.integer({ min: LEAST_RECORD_BYTES, max: 2_000 }),
      fc.integer({ min: LEAST_RECORD_BYTES, max: 60_000 }),
    );
    const message = fc
      .array(fc.record({ vni, to: station, size }), { minLength: 1, maxLength: 8 })
      .filter((parts) => parts.reduce((sum, { size }) => sum + size, 0) <= MESSAGE_BYTES);
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant("send" as const), station, message }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("turn" as const), station }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("take" as const), station }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("leave", "join"), station, vni }) },
    );
    const limits = fc.constantFrom(1_000, 20_000, 200_000);
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 120, size: "max" }),
        limits,
        fc.boolean(),
        async (steps, limit, filled) => {
          const { pool, segments, all, send, held } = relay(4, limit);
          const ports = all.map(({ ports }) => [...ports]);
          // The network of one receiver is full of other messages at first.
          const first = all[0] as (typeof all)[number];
          if (filled) first.sink.bufferedAmount = 2 * WINDOW_BYTES;
          let sender = 0;
          for (const step of steps) {
            const { tunnel, sink } = all[step.station] as (typeof all)[number];
            if (step.kind === "send") {
              // The event loop gives each socket's bytes a turn of their own.
              if (step.station !== sender) await turn();
              sender = step.station;
              expect(send(sender, step.message)).toBeUndefined();
            } else if (step.kind === "turn") {
              await turn();
            } else if (step.kind === "take") {
              sink.take();
            } else if (step.kind === "leave" && "vni" in step) {
              tunnel.leave(step.vni);
            } else if ("vni" in step) {
              const segment = segments.find(({ vni }) => vni === step.vni);
              const joined = [...(segment?.ports ?? [])].some(({ id }) => id === `${step.station}`);
              if (segment !== undefined && !joined) ports[step.station]?.push(tunnel.join(segment));
            }
          }
          await turn();
          if (filled) first.sink.bufferedAmount -= 2 * WINDOW_BYTES;
          // Another message for each of them releases records that waited for messages from elsewhere.
          for (const [i, { tunnel }] of all.entries()) {
            tunnel.leave(101);
            ports[i]?.push(tunnel.join(segments[0]));
          }
          for (const from of [0, 1]) {
            send(from, [{ vni: 101, to: from, size: 100 }]);
            await turn();
          }
          for (const { sink } of all) sink.takeAll();
          expect(held.size).toBe(0);
          expect(pool.out).toBe(0);
          all.forEach(({ got, tunnel }, i) => {
            expect(new Set(got).size).toBe(got.length);
            const own = ports[i] ?? [];
            const given = own.reduce((sum, { txFrames }) => sum + txFrames, 0);
            const dropped = own.reduce((sum, { drops }) => sum + drops.of("queue-full"), 0);
            expect(got.length + dropped + tunnel.drops.of("queue-full")).toBe(given);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it("is freed at once if all its records are dropped, or there is no port", async () => {
    const { all, send, held, pool } = relay(2, 10_000);
    send(0, [
      { vni: 103, to: 1, size: 100 },
      { vni: 104, to: 1, size: 5_000 },
    ]);
    expect(held.size).toBe(0);
    const [first, second] = all;
    for (const vni of [101, 102]) first?.tunnel.leave(vni);
    send(0, [{ vni: 101, to: 1, size: 100 }]);
    expect(held.size).toBe(0);
    await turn();
    expect(first?.tunnel.drops.of("not-joined")).toBe(3);
    expect(second?.sink.messages).toEqual([]);
    expect(pool.out).toBe(0);
  });

  it("is freed at once if the receiver's queue drops everything", () => {
    const { all, send, held } = relay(2, 1_000);
    const [, second] = all;
    if (second !== undefined) second.sink.bufferedAmount = 2 * WINDOW_BYTES;
    send(0, [
      { vni: 101, to: 1, size: 5_000 },
      { vni: 102, to: 1, size: 5_000 },
    ]);
    expect(held.size).toBe(0);
    expect(second?.ports.map(({ drops }) => drops.of("queue-full"))).toEqual([1, 1]);
  });

  it("is freed at once if the receiver's queue copies everything, and at the turn's end if it is copied for sending", async () => {
    const { all, send, held } = relay(2, 100_000);
    const [, second] = all;
    send(0, [
      { vni: 101, to: 1, size: 500 },
      { vni: 103, to: 1, size: 500 },
      { vni: 101, to: 1, size: 500 },
    ]);
    expect(held.size).toBe(1);
    await turn();
    expect(held.size).toBe(0);
    if (second !== undefined) second.sink.bufferedAmount += 2 * WINDOW_BYTES;
    send(0, [{ vni: 101, to: 1, size: 5_000 }]);
    expect(held.size).toBe(0);
    if (second !== undefined) second.sink.bufferedAmount -= 2 * WINDOW_BYTES;
    second?.sink.takeAll();
    expect(second?.got).toEqual([0, 2, 3]);
  });

  it("is held as long as the slowest of its receivers needs, in every segment of its records", async () => {
    const { all, send, held } = relay(3, 100_000);
    send(0, [
      { vni: 101, to: 0, size: 40_000 },
      { vni: 102, to: 0, size: 40_000 },
    ]);
    await turn();
    all[1]?.sink.takeAll();
    expect(held.size).toBe(1);
    // The two records are neighbours, and go in one.
    all[2]?.sink.take();
    expect(held.size).toBe(0);
    expect([all[1]?.got, all[2]?.got]).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  it("is not freed before it is sent if the sender leaves, or is removed, in the same turn", async () => {
    for (const thrown of [false, true]) {
      const { all, send, held } = relay(2, 100_000);
      const [first, second] = all;
      const fault = send(0, [{ vni: 101, to: 0, size: 40_000 }], thrown ? [1, 0] : []);
      expect(fault === undefined).toBe(!thrown);
      for (const vni of [101, 102]) first?.tunnel.leave(vni);
      await turn();
      expect(held.size).toBe(1);
      second?.sink.takeAll();
      expect(second?.got).toEqual([0]);
      expect(held.size).toBe(0);
    }
  });

  it("is not freed before it is sent if the flush of another sends it in the same turn", async () => {
    const { all, send, held } = relay(3, 100_000);
    send(0, [{ vni: 101, to: 2, size: 40_000 }]);
    send(1, [{ vni: 101, to: 2, size: 40_000 }]);
    await turn();
    expect(held.size).toBe(2);
    for (const { sink } of all) sink.takeAll();
    expect(held.size).toBe(0);
  });

  it("is freed if its receiver's tunnel is closed, sent or not", async () => {
    const { all, send, held, pool } = relay(3, 100_000);
    const [, second, third] = all;
    if (third !== undefined) third.sink.bufferedAmount = 2 * WINDOW_BYTES;
    send(0, [{ vni: 101, to: 0, size: 40_000 }]);
    for (const { tunnel } of all.slice(1)) {
      for (const vni of [101, 102]) tunnel.leave(vni);
      tunnel.close();
    }
    expect(held.size).toBe(0);
    await turn();
    expect(second?.sink.messages).toEqual([]);
    expect(pool.out).toBe(0);
  });

  it("is not held by its pings that wait for a receiver that does not read", async () => {
    const { all, send, heldBytes } = relay(3, 100_000);
    for (const from of [1, 2]) send(from, [{ vni: 101, to: from, size: 100 }]);
    await turn();
    for (let i = 0; i < 1_000; i++) {
      const bulk = { vni: 101, to: 1, size: 60_000 };
      const ping = { vni: 101, to: 2, size: 600 };
      // In one message, or in two of the same turn.
      if (i % 2 === 0) {
        send(0, [bulk, ping]);
      } else {
        send(0, [bulk]);
        send(0, [ping]);
      }
      await turn();
      all[1]?.sink.takeAll();
      if (all[1] !== undefined) all[1].sink.messages.length = 0;
    }
    expect(all[2]?.sink.bufferedAmount).toBeGreaterThan(WINDOW_BYTES / 2);
    expect(heldBytes()).toBeLessThanOrEqual(2 * WINDOW_BYTES);
  });
});
