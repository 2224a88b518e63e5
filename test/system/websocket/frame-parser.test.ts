import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Block } from "../../../shared/tunnel/block.ts";
import { FrameFault, FrameParser } from "../../../system/websocket/frame-parser.ts";
import { CountingPool } from "../../shared/tunnel/counting-pool.ts";
import { BINARY, CLOSE, CONTINUATION, KEY, PING, PONG, type RawFrame, rawFrame, TEXT } from "./raw.ts";

const MAX_BYTES = 300_000;

/** A parser and its events. Messages are released at once unless `keep`. */
class Reader {
  readonly pool = new CountingPool();
  /** Opcode and payload, in hexadecimal. */
  readonly told: (readonly [opcode: number, payload: string])[] = [];
  readonly kept: { readonly payload: Uint8Array; readonly block: Block }[] = [];
  fault: FrameFault | undefined;
  readonly #parser: FrameParser;
  /** Like the buffer that sockets share: the next read overwrites it. */
  readonly #shared = new Uint8Array(1_000_000);

  constructor({ masked = true, keep = false, maxBytes = MAX_BYTES } = {}) {
    this.#parser = new FrameParser({
      masked,
      maxBytes,
      pool: this.pool,
      events: {
        message: (opcode, block, size) => {
          const payload = block.bytes.subarray(0, size);
          this.told.push([opcode, Buffer.from(payload).toString("hex")]);
          if (keep) this.kept.push({ payload, block });
          else block.release();
        },
        control: (opcode, payload) => {
          this.told.push([opcode, Buffer.from(payload).toString("hex")]);
        },
      },
    });
  }

  /** Reads chunks in order, until one is at fault. */
  read(...chunks: readonly Uint8Array[]): this {
    for (const chunk of chunks) {
      if (this.fault !== undefined) break;
      const start = chunk.length % 5;
      this.#shared.set(chunk, start);
      this.fault = this.#parser.read(this.#shared, start, start + chunk.length);
      this.#shared.fill(0xee, 0, start + chunk.length + 5);
    }
    return this;
  }

  stop(): void {
    this.#parser.stop();
  }
}

/** Cuts bytes at these places, in any order. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return at.map((end, i) => bytes.subarray(i === 0 ? 0 : at[i - 1], end));
}

const key = fc.uint8Array({ minLength: 4, maxLength: 4 });
const sizes = fc.oneof(
  { weight: 6, arbitrary: fc.nat(40) },
  { weight: 2, arbitrary: fc.constantFrom(125, 126, 127, 255, 256, 257) },
  { weight: 1, arbitrary: fc.constantFrom(65_535, 65_536, 70_000) },
);
const payloads = fc.tuple(sizes, fc.nat(255)).map(([size, seed]) => {
  return Buffer.from(Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8) + seed) & 0xff));
});
const controls = fc.record({
  opcode: fc.constantFrom(CLOSE, PING, PONG),
  payload: fc.uint8Array({ maxLength: 125 }).map((bytes) => Buffer.from(bytes)),
});
/** A message's fragments, each followed by control frames. */
const messages = fc.record({
  opcode: fc.constantFrom(TEXT, BINARY),
  fragments: fc.array(fc.tuple(payloads, fc.array(controls, { maxLength: 2 })), {
    minLength: 1,
    maxLength: 4,
  }),
});

describe("a frame parser", () => {
  it("reports the same messages however the bytes are split, masked or not", () => {
    fc.assert(
      fc.property(
        fc.array(messages, { maxLength: 5 }),
        fc.array(key, { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        fc.array(fc.nat(), { maxLength: 30 }),
        (said, keys, masked, places) => {
          let count = 0;
          const bytes: Buffer[] = [];
          const put = (frame: RawFrame) => {
            bytes.push(rawFrame({ ...frame, key: masked ? keys[count++ % keys.length] : undefined }));
          };
          const expected: (readonly [number, string])[] = [];
          for (const { opcode, fragments } of said) {
            for (const [i, [payload, between]] of fragments.entries()) {
              const final = i === fragments.length - 1;
              put({ opcode: i === 0 ? opcode : CONTINUATION, payload, final });
              if (final) {
                expected.push([opcode, Buffer.concat(fragments.map(([part]) => part)).toString("hex")]);
              }
              for (const control of between) {
                put(control);
                expected.push([control.opcode, control.payload.toString("hex")]);
              }
            }
          }
          const reader = new Reader({ masked }).read(...cut(Buffer.concat(bytes), places));
          expect(reader.fault).toBeUndefined();
          expect(reader.told).toEqual(expected);
          expect(reader.pool.out).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("accepts any bytes, or reports the code to close with", () => {
    const header = fc
      .tuple(fc.nat(255), fc.nat(255), fc.uint8Array({ maxLength: 20 }))
      .map(([first, second, rest]) => Buffer.from([first, second, ...rest]));
    const proper = fc
      .tuple(fc.constantFrom(0, 1, 2, 8, 9, 10), fc.boolean(), fc.uint8Array({ maxLength: 200 }), key)
      .map(([opcode, final, payload, mask]) => rawFrame({ opcode, final, payload, key: mask }));
    const pieces = fc.array(fc.oneof(header, proper, proper, fc.uint8Array({ maxLength: 40 })), {
      maxLength: 12,
    });
    let faults = 0;
    let read = 0;
    fc.assert(
      fc.property(pieces, fc.boolean(), fc.array(fc.nat(), { maxLength: 5 }), (parts, masked, places) => {
        const bytes = Buffer.concat(parts);
        const whole = new Reader({ masked, maxBytes: 500 }).read(bytes);
        const pieced = new Reader({ masked, maxBytes: 500 }).read(...cut(bytes, places));
        expect(pieced.told).toEqual(whole.told);
        expect(pieced.fault).toEqual(whole.fault);
        for (const reader of [whole, pieced]) {
          reader.stop();
          expect(reader.pool.out).toBe(0);
        }
        if (whole.fault !== undefined) expect([1_002, 1_009]).toContain(whole.fault.code);
        if (whole.fault === undefined) read++;
        else faults++;
      }),
      { numRuns: 2_000 },
    );
    // Both must have occurred, or the test proved nothing.
    expect(faults).toBeGreaterThan(0);
    expect(read).toBeGreaterThan(0);
  });

  it("unmasks across pieces of every size", () => {
    const payload = Buffer.from(Array.from({ length: 300 }, (_, i) => i & 0xff));
    const bytes = rawFrame({ opcode: BINARY, payload, key: KEY });
    for (let size = 1; size <= 64; size++) {
      const places = Array.from({ length: Math.floor(bytes.length / size) }, (_, i) => (i + 1) * size);
      expect(new Reader().read(...cut(bytes, places)).told).toEqual([[BINARY, payload.toString("hex")]]);
    }
  });

  it.each([0, 1, 125, 126, 65_535, 65_536])("reads a header split at every byte, before %d bytes", (size) => {
    const payload = Buffer.alloc(size, 0x5a);
    for (const masked of [true, false]) {
      const bytes = rawFrame({ opcode: BINARY, payload, key: masked ? KEY : undefined });
      for (let at = 0; at <= bytes.length - size; at++) {
        const reader = new Reader({ masked }).read(bytes.subarray(0, at), bytes.subarray(at));
        expect(reader.fault).toBeUndefined();
        expect(reader.told).toEqual([[BINARY, payload.toString("hex")]]);
      }
    }
  });

  it("reports nothing before a frame is complete", () => {
    const bytes = rawFrame({ opcode: BINARY, payload: "hello", key: KEY });
    const reader = new Reader().read(bytes.subarray(0, -1));
    expect(reader.told).toEqual([]);
    expect(reader.read(bytes.subarray(-1)).told).toEqual([[BINARY, Buffer.from("hello").toString("hex")]]);
  });

  it.each<[string, number, RawFrame[]]>([
    ["a reserved bit", 1_002, [{ opcode: BINARY, reserved: 4 }]],
    ["an unknown data opcode", 1_002, [{ opcode: 3 }]],
    ["an unknown control opcode", 1_002, [{ opcode: 11 }]],
    ["a frame that is not masked", 1_002, [{ opcode: BINARY, key: undefined }]],
    ["a fragmented control frame", 1_002, [{ opcode: PING, final: false }]],
    ["a control frame of 126 bytes", 1_002, [{ opcode: PING, payload: "x".repeat(126) }]],
    ["a continuation of nothing", 1_002, [{ opcode: CONTINUATION }]],
    ["a message within another", 1_002, [{ opcode: TEXT, final: false }, { opcode: TEXT }]],
    ["a length of 125 in 16 bits", 1_002, [{ opcode: BINARY, payload: "x".repeat(125), lengthBytes: 2 }]],
    ["a length of 125 in 64 bits", 1_002, [{ opcode: BINARY, payload: "x".repeat(125), lengthBytes: 8 }]],
    ["a length of 65535 in 64 bits", 1_002, [{ opcode: BINARY, length: 65_535n, lengthBytes: 8 }]],
    ["a control frame's length in 16 bits", 1_002, [{ opcode: PING, payload: "x", lengthBytes: 2 }]],
    ["a length with the top bit set", 1_002, [{ opcode: BINARY, length: 2n ** 63n + 5n }]],
    ["a length of 63 bits", 1_009, [{ opcode: BINARY, length: 2n ** 63n - 1025n }]],
    ["a length of 32 bits and one", 1_009, [{ opcode: BINARY, length: 2n ** 32n }]],
    ["a byte over the limit", 1_009, [{ opcode: BINARY, length: BigInt(MAX_BYTES) + 1n }]],
  ])("refuses %s as soon as its header is there", (_what, code, frames) => {
    const before = rawFrame({ opcode: BINARY, payload: "before", key: KEY });
    const all = frames.map((frame) => rawFrame({ key: KEY, ...frame }));
    const last = all.pop() as Buffer;
    const payload = Buffer.from(frames.at(-1)?.payload ?? "").length;
    const header = last.subarray(0, last.length - payload);
    const reader = new Reader().read(before, ...all, header.subarray(0, -1));
    expect(reader.fault).toBeUndefined();
    const { taken } = reader.pool;
    reader.read(header.subarray(-1));
    expect(reader.fault).toBeInstanceOf(FrameFault);
    expect(reader.fault?.code).toBe(code);
    expect(reader.told).toEqual([[BINARY, Buffer.from("before").toString("hex")]]);
    // No memory for refused messages.
    expect(reader.pool.taken).toBe(taken);
  });

  it("refuses a masked frame of a server", () => {
    const reader = new Reader({ masked: false }).read(rawFrame({ opcode: BINARY, payload: "x", key: KEY }));
    expect(reader.fault?.code).toBe(1_002);
  });

  it("counts a message's fragments together against the limit, and starts again with the next", () => {
    const part = (opcode: number, size: number, final: boolean) =>
      rawFrame({ opcode, payload: Buffer.alloc(size), final, key: KEY });
    const reader = new Reader({ maxBytes: 1_000 });
    reader.read(part(BINARY, 600, false), part(CONTINUATION, 400, true));
    reader.read(part(BINARY, 600, false), rawFrame({ opcode: PING, payload: "x".repeat(125), key: KEY }));
    reader.read(part(CONTINUATION, 399, false), part(CONTINUATION, 1, true));
    expect(reader.fault).toBeUndefined();
    expect(reader.told.map(([opcode, payload]) => [opcode, payload.length / 2])).toEqual([
      [BINARY, 1_000],
      [PING, 125],
      [BINARY, 1_000],
    ]);
    reader.read(part(BINARY, 600, false), part(CONTINUATION, 401, true));
    expect(reader.fault?.code).toBe(1_009);
  });

  it("copies a message of many small fragments a few times, not once for each", () => {
    const reader = new Reader({ maxBytes: 2_000_000 });
    const size = 400_000;
    // Beyond the pool's sizes, where each block is exactly as large as requested.
    reader.read(rawFrame({ opcode: BINARY, payload: Buffer.alloc(280_000, 1), final: false, key: KEY }));
    const fragment = rawFrame({ opcode: CONTINUATION, payload: Buffer.alloc(10, 1), final: false, key: KEY });
    for (let sent = 280_000; sent < size; sent += 10) reader.read(fragment);
    reader.read(rawFrame({ opcode: CONTINUATION, key: KEY }));
    expect(reader.told.map(([opcode, payload]) => [opcode, payload === "01".repeat(size)])).toEqual([
      [BINARY, true],
    ]);
    expect(reader.pool.taken).toBeLessThan(5);
    expect(reader.pool.out).toBe(0);
  });

  it("does not reuse the block of an unreleased message", () => {
    const reader = new Reader({ keep: true });
    const texts = Array.from({ length: 50 }, (_, i) => `message ${i}`);
    for (const payload of texts) reader.read(rawFrame({ opcode: TEXT, payload, key: KEY }));
    expect(reader.kept.map(({ payload }) => Buffer.from(payload).toString())).toEqual(texts);
    expect(new Set(reader.kept.map(({ block }) => block)).size).toBe(50);
    expect(reader.pool.out).toBe(50);
  });

  it("reuses a released block", () => {
    const reader = new Reader({ keep: true });
    const frame = rawFrame({ opcode: BINARY, payload: "hello", key: KEY });
    reader.read(frame);
    const block = reader.kept[0]?.block as Block;
    block.release();
    reader.read(frame);
    expect(reader.kept[1]?.block).toBe(block);
    expect(Buffer.from(reader.kept[1]?.payload ?? []).toString()).toBe("hello");
  });

  it("ignores everything once it is stopped, also within one read and within a message", () => {
    const frame = rawFrame({ opcode: BINARY, payload: "hello", key: KEY });
    const within = new Reader();
    within.read(frame.subarray(0, 8));
    within.stop();
    expect(within.read(frame.subarray(8), frame, Buffer.alloc(100, 0xff)).told).toEqual([]);
    expect(within.fault).toBeUndefined();
    expect(within.pool.out).toBe(0);
    let count = 0;
    const parser: FrameParser = new FrameParser({
      masked: true,
      maxBytes: 100,
      pool: new CountingPool(),
      events: {
        message: (_opcode, block) => {
          block.release();
          count++;
          parser.stop();
        },
        control: () => {},
      },
    });
    const twice = Buffer.concat([frame, frame]);
    expect(parser.read(twice, 0, twice.length)).toBeUndefined();
    expect(count).toBe(1);
  });
});
