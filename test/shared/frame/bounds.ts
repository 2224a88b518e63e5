/** Checks that every codec keeps to its own bytes. */
import fc from "fast-check";
import { expect } from "vitest";
import { type Written, written } from "../../../shared/frame/bytes.ts";
import { Malformed } from "../../../shared/frame/malformed.ts";

type Decode<View> = (bytes: Uint8Array, start: number, end: number) => View | Malformed;
type Encode = (bytes: Uint8Array, offset: number) => Written;

const NOISE = 0xa5;
const OFFSET = 5;

/**
 * Encodes into the middle of a buffer of noise, and fails if anything outside what the encoder says it wrote
 * has changed. `payload` bytes of what follows the header count as written.
 */
export function encodeInNoise(
  encode: Encode,
  payload = 0,
): { bytes: Uint8Array; start: number; written: number; end: number } {
  const bytes = new Uint8Array(256).fill(NOISE);
  const after = written(encode(bytes, OFFSET));
  const outside = [...bytes.subarray(0, OFFSET), ...bytes.subarray(after)];
  expect(outside.every((byte) => byte === NOISE)).toBe(true);
  return { bytes, start: OFFSET, written: after, end: after + payload };
}

/** Bytes for a decoder: noise, and encodings as they are, cut short, or with some of their bytes changed. */
export function hostileBytes(encodings: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 });
  const changed = fc.tuple(encodings, changes, fc.boolean(), fc.nat()).map(([encoding, edits, cut, at]) => {
    const bytes = Uint8Array.from(encoding);
    for (const [index, byte] of edits) bytes[index % bytes.length] = byte;
    return cut ? bytes.subarray(0, at % bytes.length) : bytes;
  });
  return fc.oneof(fc.uint8Array({ maxLength: 80 }), changed);
}

/**
 * Fails unless `decode` returns a view or a {@link Malformed} for any bytes, with offsets inside them, reads
 * none outside [start, end), and answers the same whatever is there.
 */
export function expectToKeepWithinBounds<View extends object>(
  decode: Decode<View>,
  encodings: fc.Arbitrary<Uint8Array>,
): void {
  const margin = fc.uint8Array({ minLength: 1, maxLength: 48 });
  fc.assert(
    fc.property(hostileBytes(encodings), margin, margin, (content, before, after) => {
      const start = before.length;
      const end = start + content.length;
      const bytes = Uint8Array.of(...before, ...content, ...after);
      const elsewhere = bytes.map((byte, index) => (index >= start && index < end ? byte : ~byte));

      const result = decode(bytes, start, end);
      expect(decode(elsewhere, start, end)).toEqual(result);
      expectOffsetsWithin(result, start, end);

      const reads = new Set<number>();
      decode(watch(bytes, reads), start, end);
      expect([...reads].filter((index) => index < start || index >= end)).toEqual([]);
    }),
    { numRuns: 500 },
  );
}

/**
 * Fails unless ranges that make no sense, or go beyond the buffer, are found truncated rather than
 * believed.
 */
export function expectToRefuseSenselessRanges<View>(decode: Decode<View>, encoding: Uint8Array): void {
  const size = encoding.length;
  const ranges = [
    [0, size + 1],
    [-1, size],
    [size, 0],
    [size + 1, size + 1],
    [Number.NaN, size],
    [0, Number.NaN],
  ] as const;
  for (const [start, end] of ranges) {
    expect(decode(encoding, start, end), `[${start}, ${end})`).toMatchObject({
      name: "Malformed",
      reason: "truncated",
    });
  }
}

function expectOffsetsWithin(result: object, start: number, end: number): void {
  if (result instanceof Malformed || !("payload" in result && "end" in result)) return;
  expect(result.payload).toBeGreaterThanOrEqual(start);
  expect(result.end).toBeGreaterThanOrEqual(Number(result.payload));
  expect(result.end).toBeLessThanOrEqual(end);
}

/** The same bytes, noting every index that is read; a subarray reads all that it covers. */
function watch(bytes: Uint8Array, reads: Set<number>): Uint8Array {
  return new Proxy(bytes, {
    get(target, key) {
      if (typeof key === "string" && /^-?\d+$/.test(key)) {
        reads.add(Number(key));
        return target[Number(key)];
      }
      if (key === "subarray") {
        return (from: number, to: number) => {
          for (let index = from; index < to; index++) reads.add(index);
          return target.subarray(from, to);
        };
      }
      if (key === "length") return target.length;
      throw new Error(`the decoder used ${String(key)}, which this proxy can't watch`);
    },
  });
}
