import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineReader } from "../../../desktop/rpc/line-reader.ts";

const LIMIT = 20;

/** Returns a reader's results for these pieces: lines, and null for each that was too long. */
function read(chunks: readonly Uint8Array[]): (string | null)[] {
  const heard: (string | null)[] = [];
  const reader = new LineReader(
    LIMIT,
    (text) => heard.push(text),
    () => heard.push(null),
  );
  for (const chunk of chunks) reader.push(chunk);
  return heard;
}

describe("a line reader", () => {
  const line = fc.string({ minLength: 1, maxLength: 30, unit: fc.constantFrom("a", "é", "{", '"', "7") });

  it("makes the same lines of the same bytes, however they are split", () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), cuts, (lines, lengths) => {
        const bytes = Buffer.from(lines.map((one) => `${one}\n`).join(""));
        const chunks: Uint8Array[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const length = lengths[i % lengths.length] ?? 1;
          chunks.push(bytes.subarray(at, at + length));
          at += length;
        }
        expect(read(chunks)).toEqual(lines.map((one) => (Buffer.byteLength(one) > LIMIT ? null : one)));
      }),
    );
  });

  it("reports a line that is too long at once, once, and continues with the next", () => {
    const heard = read([Buffer.alloc(LIMIT), Buffer.from("x"), Buffer.alloc(1_000_000, "y")]);
    expect(heard).toEqual([null]);
    expect(read([Buffer.alloc(LIMIT * 3, "y"), Buffer.from("\nnext\n")])).toEqual([null, "next"]);
  });

  it("skips empty lines, and holds back incomplete ones", () => {
    expect(read([Buffer.from("\n \r\nwhole\nnot who")])).toEqual(["whole"]);
  });
});
