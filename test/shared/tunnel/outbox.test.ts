import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MESSAGE_BYTES } from "../../../shared/tunnel/constants.ts";
import { type MessageSink, Outbox } from "../../../shared/tunnel/outbox.ts";

class Sink implements MessageSink {
  bufferedAmount = 0;
  readonly messages: Uint8Array[] = [];
  readonly sent: (() => void)[] = [];

  send(message: Uint8Array, sent?: () => void): void {
    this.messages.push(message);
    if (sent !== undefined) this.sent.push(sent);
  }
}

describe("an outbox", () => {
  it("sends neighbours of one buffer as one message, without a copy", () => {
    const sink = new Sink();
    const outbox = new Outbox(sink, true);
    const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6);
    outbox.add(bytes, 1, 3);
    outbox.add(bytes, 3, 6);
    outbox.flush();
    expect(sink.messages).toEqual([Uint8Array.of(2, 3, 4, 5, 6)]);
    expect(sink.messages[0]?.buffer).toBe(bytes.buffer);
  });

  it("gathers records of several buffers into one message, in order", () => {
    const sink = new Sink();
    const outbox = new Outbox(sink, true);
    const bytes = Uint8Array.of(1, 2, 3, 4);
    outbox.add(bytes, 0, 1);
    outbox.add(bytes, 3, 4);
    outbox.add(Uint8Array.of(9), 0, 1);
    outbox.flush();
    expect(sink.messages).toEqual([Uint8Array.of(1, 4, 9)]);
    expect(outbox.empty).toBe(true);
  });

  it("sends every record by itself without the feature batch", () => {
    const sink = new Sink();
    const outbox = new Outbox(sink, false);
    const bytes = Uint8Array.of(1, 2, 3);
    for (let i = 0; i < 3; i++) outbox.add(bytes, i, i + 1);
    outbox.flush();
    expect(sink.messages).toEqual([Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)]);
  });

  it("loses nothing, keeps the order and stays below the message limit, whatever comes", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 65_562 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(sizes, fc.boolean(), (lengths, batch) => {
        const sink = new Sink();
        const outbox = new Outbox(sink, batch, Number.POSITIVE_INFINITY);
        lengths.forEach((length, i) => void outbox.add(new Uint8Array(length).fill(i), 0, length));
        outbox.flush();
        for (const message of sink.messages) expect(message.length).toBeLessThanOrEqual(MESSAGE_BYTES);
        const got = Buffer.concat(sink.messages);
        const want = Buffer.concat(lengths.map((length, i) => Buffer.alloc(length, i)));
        expect(got.equals(want)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("takes nothing more once the receiver's queue is full, and again when it has drained", () => {
    const sink = new Sink();
    const outbox = new Outbox(sink, true, 100);
    sink.bufferedAmount = 90;
    expect(outbox.add(new Uint8Array(10), 0, 10)).toBe(true);
    expect(outbox.add(new Uint8Array(1), 0, 1)).toBe(false);
    outbox.flush();
    sink.bufferedAmount = 0;
    expect(outbox.add(new Uint8Array(100), 0, 100)).toBe(true);
  });

  it("tells when the bytes may be used again: with the message, or at once where there is none", () => {
    const sink = new Sink();
    const outbox = new Outbox(sink, true);
    let told = 0;
    outbox.flush(() => told++);
    expect(told).toBe(1);
    outbox.add(new Uint8Array(1), 0, 1);
    outbox.flush(() => told++);
    expect(told).toBe(1);
    sink.sent[0]?.();
    expect(told).toBe(2);
  });
});
