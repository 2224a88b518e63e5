import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MESSAGE_BYTES } from "../../../shared/protocol/constants.ts";
import { ENCAPSULATION_BYTES, encapsulate, readRecords } from "../../../shared/protocol/record.ts";
import { Block } from "../../../shared/tunnel/block.ts";
import { EgressQueue } from "../../../shared/tunnel/egress-queue.ts";
import { Outbox, WINDOW_BYTES } from "../../../shared/tunnel/outbox.ts";
import { QueueBudget } from "../../../shared/tunnel/queue-budget.ts";
import { frameBytes } from "../switch/ports.ts";
import { watched } from "./blocks.ts";
import { CountingPool } from "./counting-pool.ts";
import { SlowSink } from "./slow-sink.ts";

/**
 * Adds all of `bytes` as one record, which is lent; its content does not matter here.
 *
 * @param freed called when they may be reused
 */
function addWhole(outbox: Outbox, bytes: Uint8Array, freed: () => void = () => {}): void {
  const block = watched(bytes, freed);
  outbox.add(block, 0, ENCAPSULATION_BYTES, bytes.length);
  block.release();
}

describe("an outbox", () => {
  it("sends neighbours in one buffer as one message, without a copy", () => {
    const sink = new SlowSink();
    const outbox = new Outbox({ sink, pool: new CountingPool(), batch: true });
    const block = new Block(Uint8Array.of(1, 2, 3, 4, 5, 6));
    outbox.add(block, 1, 1, 3);
    outbox.add(block, 3, 3, 6);
    outbox.flush();
    expect(sink.messages).toEqual([Uint8Array.of(2, 3, 4, 5, 6)]);
    expect(sink.waiting[0]?.message.buffer).toBe(block.bytes.buffer);
  });

  it("gathers small records of several buffers into one message, in order", () => {
    const sink = new SlowSink();
    const outbox = new Outbox({ sink, pool: new CountingPool(), batch: true });
    const block = new Block(Uint8Array.of(1, 2, 3, 4));
    outbox.add(block, 0, 0, 1);
    outbox.add(block, 3, 3, 4);
    addWhole(outbox, Uint8Array.of(9));
    outbox.flush();
    expect(sink.messages).toEqual([Uint8Array.of(1, 4, 9)]);
  });

  it("sends a large record by itself instead of copying it", () => {
    const sink = new SlowSink();
    const outbox = new Outbox({ sink, pool: new CountingPool(), batch: true });
    const great = new Uint8Array(60_000).fill(7);
    for (const bytes of [Uint8Array.of(1), great, Uint8Array.of(2), Uint8Array.of(3)])
      addWhole(outbox, bytes);
    outbox.flush();
    expect(sink.messages).toEqual([Uint8Array.of(1), great, Uint8Array.of(2, 3)]);
    expect(sink.waiting[1]?.message).toBe(great);
  });

  it("sends every record by itself without the feature batch", () => {
    const sink = new SlowSink();
    const outbox = new Outbox({ sink, pool: new CountingPool(), batch: false });
    const block = new Block(Uint8Array.of(1, 2, 3));
    for (let i = 0; i < 3; i++) outbox.add(block, i, i, i + 1);
    outbox.flush();
    expect(sink.messages).toEqual([Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)]);
  });

  it("loses no record, keeps the order and stays below the message limit, for any records", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 65_562 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(sizes, fc.boolean(), (lengths, batch) => {
        const sink = new SlowSink();
        const pool = new CountingPool();
        const outbox = new Outbox({ sink, pool, batch });
        let free = 0;
        lengths.forEach((length, i) => void addWhole(outbox, new Uint8Array(length).fill(i), () => free++));
        outbox.flush();
        for (const message of sink.messages) expect(message.length).toBeLessThanOrEqual(MESSAGE_BYTES);
        const got = Buffer.concat(sink.messages);
        const want = Buffer.concat(lengths.map((length, i) => Buffer.alloc(length, i)));
        expect(got.equals(want)).toBe(true);
        sink.takeAll();
        expect(pool.out).toBe(0);
        expect(free).toBe(lengths.length);
      }),
      { numRuns: 30 },
    );
  });

  it("holds a block until the last message with its bytes is sent", () => {
    const sink = new SlowSink();
    const outbox = new Outbox({ sink, pool: new CountingPool(), batch: false });
    const block = watched(new Uint8Array(2), () => {});
    outbox.add(block, 0, 0, 1);
    outbox.add(block, 1, 1, 2);
    block.release();
    outbox.flush();
    sink.take();
    expect(block.isFree).toBe(false);
    sink.take();
    expect(block.isFree).toBe(true);
  });

  it("holds copied blocks until the copy is sent, because only they bound the sender", () => {
    const sink = new SlowSink();
    const pool = new CountingPool();
    const outbox = new Outbox({ sink, pool, batch: true });
    let free = 0;
    addWhole(outbox, Uint8Array.of(1), () => free++);
    addWhole(outbox, Uint8Array.of(2), () => free++);
    outbox.flush();
    expect([free, pool.out]).toEqual([0, 1]);
    sink.take();
    expect([free, pool.out]).toEqual([2, 0]);
  });

  it("releases gathered records when it is closed, and sends none of them", () => {
    const sink = new SlowSink();
    const pool = new CountingPool();
    const outbox = new Outbox({ sink, pool, batch: true });
    let free = 0;
    for (let i = 0; i < 3; i++) addWhole(outbox, new Uint8Array(10), () => free++);
    outbox.close();
    expect(free).toBe(3);
    outbox.close();
    outbox.flush();
    expect(sink.messages).toEqual([]);
    // Records that arrive before its ports have left go to the sink, which knows that it is closed.
    addWhole(outbox, new Uint8Array(10), () => free++);
    outbox.flush();
    sink.takeAll();
    expect([free, pool.out]).toEqual([4, 0]);
  });
});

describe("an outbox with a slow receiver", () => {
  const WINDOW = 1_000;

  function slow(limit: number, windowBytes = WINDOW, batch = true) {
    const sink = new SlowSink();
    const pool = new CountingPool();
    let dropped = 0;
    const makeQueue = () => new EgressQueue(limit, pool, () => dropped++, 1);
    const outbox = new Outbox({ sink, pool, batch, makeQueue, windowBytes });
    return { sink, pool, outbox, dropped: () => dropped };
  }

  function record(from: number, payload: number, padding = 100): Uint8Array {
    const bytes = Uint8Array.from([
      ...new Array<number>(ENCAPSULATION_BYTES).fill(0),
      ...frameBytes(0x020000000009, 0x020000000000 + from, payload),
      ...new Array<number>(padding).fill(0),
    ]);
    encapsulate(bytes, 0, bytes.length, 101);
    return bytes;
  }

  /** Source and payload of every sent record, in order. */
  function sent(sink: SlowSink): string[] {
    const seen: string[] = [];
    for (const message of sink.messages) {
      readRecords(new Block(message), 0, message.length, true, {
        record(_type, { bytes }, start) {
          seen.push(`${bytes[start + ENCAPSULATION_BYTES + 11]}:${bytes[start + ENCAPSULATION_BYTES + 14]}`);
          return true;
        },
      });
    }
    return seen;
  }

  it("gives the network one window at a time, and the rest after it has drained", () => {
    const { sink, pool, outbox, dropped } = slow(1_000_000);
    const count = 100;
    for (let i = 0; i < count; i++) addWhole(outbox, record(1, i));
    outbox.flush();
    expect(sink.bufferedAmount).toBeLessThan(2 * WINDOW);
    sink.takeAll();
    expect(sent(sink)).toEqual(Array.from({ length: count }, (_, i) => `1:${i}`));
    expect(dropped()).toBe(0);
    expect(pool.out).toBe(0);
  });

  it("lets a small flow pass a waiting bulk transfer", () => {
    const { sink, outbox } = slow(1_000_000);
    for (let i = 0; i < 100; i++) addWhole(outbox, record(1, i));
    addWhole(outbox, record(2, 1));
    outbox.flush();
    sink.takeAll();
    const order = sent(sink);
    expect(order).toHaveLength(101);
    expect(order.indexOf("2:1")).toBeLessThan(30);
  });

  it("drops records that do not fit, and has room again when the receiver reads", () => {
    const { sink, outbox, dropped } = slow(5_000);
    for (let i = 0; i < 100; i++) addWhole(outbox, record(1, i));
    outbox.flush();
    expect(dropped()).toBeGreaterThan(0);
    sink.takeAll();
    expect(sent(sink).length + dropped()).toBe(100);
    addWhole(outbox, record(1, 200));
    outbox.flush();
    expect(sent(sink).at(-1)).toBe("1:200");
  });

  it("continues once messages from elsewhere no longer fill the network", () => {
    const { sink, outbox } = slow(5_000);
    sink.bufferedAmount = 2 * WINDOW;
    addWhole(outbox, record(1, 1));
    outbox.flush();
    expect(sink.messages).toEqual([]);
    sink.bufferedAmount = 0;
    addWhole(outbox, record(1, 2));
    outbox.flush();
    sink.takeAll();
    expect(sent(sink)).toEqual(["1:1", "1:2"]);
  });

  it("continues record by record when others have used up the budget, and still gets records while idle", () => {
    const budget = new QueueBudget(() => 1_000_000);
    const sink = new SlowSink();
    const pool = new CountingPool();
    const makeQueue = () => new EgressQueue(100_000, pool, () => {}, 1, budget);
    const outbox = new Outbox({ sink, pool, batch: true, makeQueue, windowBytes: WINDOW, budget });
    for (let i = 0; i < 20; i++) addWhole(outbox, record(1, i));
    outbox.flush();
    budget.add(1_000_000);
    expect(budget.share).toBe(0);
    sink.takeAll();
    expect(sent(sink)).toEqual(Array.from({ length: 20 }, (_, i) => `1:${i}`));
    addWhole(outbox, record(1, 20));
    outbox.flush();
    sink.takeAll();
    expect(sent(sink).at(-1)).toBe("1:20");
    expect([budget.used, pool.out]).toEqual([1_000_000, 0]);
  });

  it("releases copied blocks at once: in its queue, or when they are sent", () => {
    const { sink, pool, outbox } = slow(100_000);
    let free = 0;
    for (let i = 0; i < 100; i++) {
      const bytes = record(1, i);
      addWhole(outbox, bytes, () => {
        free++;
        bytes.fill(0xee);
      });
      outbox.flush();
      expect(free).toBe(i + 1);
    }
    sink.takeAll();
    expect(sent(sink)).toEqual(Array.from({ length: 100 }, (_, i) => `1:${i}`));
    expect(pool.out).toBe(0);
  });

  it("releases a block sent without a copy once it is sent, although a copy follows", () => {
    const { sink, outbox } = slow(100_000, WINDOW_BYTES);
    let free = 0;
    const great = new Uint8Array(60_000);
    addWhole(outbox, great, () => free++);
    addWhole(outbox, record(1, 1));
    outbox.flush();
    expect(sink.waiting[0]?.message).toBe(great);
    expect(free).toBe(0);
    sink.take();
    expect(free).toBe(1);
    sink.take();
    expect(free).toBe(1);
  });

  it("does not flush for another outbox what that one is about to flush", () => {
    const { sink, outbox } = slow(100_000, WINDOW_BYTES);
    const early = new Uint8Array(WINDOW_BYTES - 1).fill(1);
    addWhole(outbox, early);
    outbox.flush();
    const late = new Uint8Array(60_000).fill(2);
    let free = false;
    addWhole(outbox, late, () => {
      free = true;
    });
    addWhole(outbox, record(1, 1));
    sink.take();
    expect(free).toBe(false);
    outbox.flush();
    while (sink.waiting.length > 0) {
      expect(free).toBe(!sink.waiting.some(({ message }) => message === late));
      sink.take();
    }
    expect(free).toBe(true);
  });

  it("holds at most twice the network's bytes in memory for a receiver that does not read", () => {
    const buffer = fc.record({
      size: fc.integer({ min: 100, max: MESSAGE_BYTES }),
      // Where its records lie, in thousandths.
      cuts: fc.uniqueArray(fc.nat(1_000), { minLength: 2, maxLength: 6 }),
    });
    const buffers = fc.array(buffer, { minLength: 1, maxLength: 60, size: "max" });
    fc.assert(
      fc.property(buffers, fc.boolean(), fc.nat(3), (buffers, batch, reads) => {
        const { sink, pool, outbox } = slow(500_000, WINDOW_BYTES, batch);
        let pinned = 0;
        let free = 0;
        for (const { size, cuts } of buffers) {
          const block = watched(new Uint8Array(size), () => {
            pinned -= size;
            free++;
          });
          pinned += size;
          const at = cuts.map((cut) => Math.floor((cut * size) / 1_000)).sort((a, b) => a - b);
          // Every second range goes to other receivers.
          for (let i = 0; i + 1 < at.length; i += 2) {
            const [start = 0, end = 0] = [at[i], at[i + 1]];
            if (end - start > ENCAPSULATION_BYTES + 14) {
              outbox.add(block, start, start + ENCAPSULATION_BYTES, end);
            }
          }
          block.release();
          outbox.flush();
          expect(pinned).toBeLessThanOrEqual(2 * sink.bufferedAmount);
          expect(sink.bufferedAmount).toBeLessThanOrEqual(WINDOW_BYTES + MESSAGE_BYTES);
          expect(pool.outBytes).toBeLessThanOrEqual(500_000 + 4 * sink.bufferedAmount);
          if (free % 4 < reads) sink.take();
        }
        sink.takeAll();
        expect(free).toBe(buffers.length);
        expect(pinned).toBe(0);
        expect(pool.out).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it("releases every block when the connection is gone, including those being sent", () => {
    const { sink, pool, outbox } = slow(1_000_000);
    for (let i = 0; i < 100; i++) addWhole(outbox, record(1, i));
    outbox.flush();
    expect(pool.out).toBeGreaterThan(0);
    sink.send = (block, _start, _end, sent) => {
      block.release();
      sent?.();
    };
    sink.takeAll();
    expect(pool.out).toBe(0);
    let free = 0;
    addWhole(outbox, record(1, 1), () => free++);
    outbox.flush();
    expect([free, pool.out]).toEqual([1, 0]);
  });

  it("discards waiting records when it is closed, and accepts none that would have to wait", () => {
    const { sink, pool, outbox, dropped } = slow(1_000_000);
    for (let i = 0; i < 100; i++) addWhole(outbox, record(1, i));
    outbox.flush();
    const onTheWay = sink.waiting.length;
    outbox.close();
    expect(pool.out).toBe(onTheWay);
    for (let i = 0; i < 100; i++) addWhole(outbox, record(1, i));
    outbox.flush();
    sink.takeAll();
    expect(sink.messages).toHaveLength(onTheWay);
    expect([dropped(), pool.out]).toEqual([0, 0]);
  });
});
