import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EgressQueue } from "../../../shared/switch/egress-queue.ts";
import { MESSAGE_BYTES } from "../../../shared/tunnel/constants.ts";
import { type MessageSink, Outbox } from "../../../shared/tunnel/outbox.ts";
import { ENCAPSULATION_BYTES, encapsulate, readRecords } from "../../../shared/tunnel/record.ts";
import { frameBytes } from "../switch/ports.ts";

/** A network that takes what it is given when the test says so. */
class Sink implements MessageSink {
  bufferedAmount = 0;
  readonly messages: Uint8Array[] = [];
  readonly #waiting: { size: number; sent: (() => void) | undefined }[] = [];

  send(message: Uint8Array, sent?: () => void): void {
    this.messages.push(message);
    this.bufferedAmount += message.length;
    this.#waiting.push({ size: message.length, sent });
  }

  /** Takes the oldest message. */
  take(): void {
    const first = this.#waiting.shift();
    this.bufferedAmount -= first?.size ?? 0;
    first?.sent?.();
  }

  takeAll(): void {
    while (this.#waiting.length > 0) this.take();
  }
}

/** Adds all of `bytes` as one record; what is in it does not matter here. */
function addWhole(outbox: Outbox, bytes: Uint8Array): void {
  outbox.add(bytes, 0, ENCAPSULATION_BYTES, bytes.length);
}

describe("an outbox", () => {
  it("sends neighbours of one buffer as one message, without a copy", () => {
    const sink = new Sink();
    const outbox = new Outbox({ sink, batch: true });
    const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6);
    outbox.add(bytes, 1, 1, 3);
    outbox.add(bytes, 3, 3, 6);
    outbox.flush();
    expect(sink.messages).toEqual([Uint8Array.of(2, 3, 4, 5, 6)]);
    expect(sink.messages[0]?.buffer).toBe(bytes.buffer);
  });

  it("gathers small records of several buffers into one message, in order", () => {
    const sink = new Sink();
    const outbox = new Outbox({ sink, batch: true });
    const bytes = Uint8Array.of(1, 2, 3, 4);
    outbox.add(bytes, 0, 0, 1);
    outbox.add(bytes, 3, 3, 4);
    addWhole(outbox, Uint8Array.of(9));
    outbox.flush();
    expect(sink.messages).toEqual([Uint8Array.of(1, 4, 9)]);
  });

  it("sends a great record by itself rather than copy it", () => {
    const sink = new Sink();
    const outbox = new Outbox({ sink, batch: true });
    const great = new Uint8Array(60_000).fill(7);
    for (const bytes of [Uint8Array.of(1), great, Uint8Array.of(2), Uint8Array.of(3)])
      addWhole(outbox, bytes);
    outbox.flush();
    expect(sink.messages).toEqual([Uint8Array.of(1), great, Uint8Array.of(2, 3)]);
    expect(sink.messages[1]).toBe(great);
  });

  it("sends every record by itself without the feature batch", () => {
    const sink = new Sink();
    const outbox = new Outbox({ sink, batch: false });
    const bytes = Uint8Array.of(1, 2, 3);
    for (let i = 0; i < 3; i++) outbox.add(bytes, i, i, i + 1);
    outbox.flush();
    expect(sink.messages).toEqual([Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)]);
  });

  it("loses nothing, keeps the order and stays below the message limit, whatever comes", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 65_562 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(sizes, fc.boolean(), (lengths, batch) => {
        const sink = new Sink();
        const outbox = new Outbox({ sink, batch });
        lengths.forEach((length, i) => void addWhole(outbox, new Uint8Array(length).fill(i)));
        outbox.flush();
        for (const message of sink.messages) expect(message.length).toBeLessThanOrEqual(MESSAGE_BYTES);
        const got = Buffer.concat(sink.messages);
        const want = Buffer.concat(lengths.map((length, i) => Buffer.alloc(length, i)));
        expect(got.equals(want)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("tells when the bytes may be used again: with the last message, or at once where there is none", () => {
    const sink = new Sink();
    const outbox = new Outbox({ sink, batch: false });
    let told = 0;
    outbox.flush(() => told++);
    expect(told).toBe(1);
    outbox.add(new Uint8Array(2), 0, 0, 1);
    outbox.add(new Uint8Array(2), 1, 1, 2);
    outbox.flush(() => told++);
    sink.take();
    expect(told).toBe(1);
    sink.take();
    expect(told).toBe(2);
  });
});

describe("an outbox whose receiver is slow", () => {
  const WINDOW = 1_000;

  function slow(limit: number) {
    const sink = new Sink();
    let dropped = 0;
    const makeQueue = () => new EgressQueue(limit, () => dropped++, 1);
    const outbox = new Outbox({ sink, batch: true, makeQueue, windowBytes: WINDOW });
    return { sink, outbox, dropped: () => dropped };
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

  /** Source and payload of every record sent, in order. */
  function sent(sink: Sink): string[] {
    const seen: string[] = [];
    for (const message of sink.messages) {
      readRecords(message, true, {
        record: (_type, bytes, start) =>
          void seen.push(
            `${bytes[start + ENCAPSULATION_BYTES + 11]}:${bytes[start + ENCAPSULATION_BYTES + 14]}`,
          ),
      });
    }
    return seen;
  }

  it("hands the network no more than a window at a time, and the rest when it has drained", () => {
    const { sink, outbox, dropped } = slow(1_000_000);
    const count = 100;
    for (let i = 0; i < count; i++) addWhole(outbox, record(1, i));
    outbox.flush();
    expect(sink.bufferedAmount).toBeLessThan(2 * WINDOW);
    sink.takeAll();
    expect(sent(sink)).toEqual(Array.from({ length: count }, (_, i) => `1:${i}`));
    expect(dropped()).toBe(0);
  });

  it("lets a small flow pass a bulk transfer that waits", () => {
    const { sink, outbox } = slow(1_000_000);
    for (let i = 0; i < 100; i++) addWhole(outbox, record(1, i));
    addWhole(outbox, record(2, 1));
    outbox.flush();
    sink.takeAll();
    const order = sent(sink);
    expect(order).toHaveLength(101);
    expect(order.indexOf("2:1")).toBeLessThan(30);
  });

  it("drops what does not fit, and has room again when the receiver reads", () => {
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
});
