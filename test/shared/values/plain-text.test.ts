import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isPlainText, plainJson, plainText } from "../../../shared/values/plain-text.ts";

/** One of each kind that a terminal, a log or a window obeys. */
const UNSAFE = [
  "\0",
  "\n",
  "\r",
  "\x1b",
  "\x7f",
  "\x85",
  "\x9b",
  "\u061c",
  "\u200e",
  "\u200f",
  "\u2028",
  "\u2029",
];
const BIDI = ["\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"];

describe("a text from another machine", () => {
  it("is shown without control characters and invisible ones", () => {
    for (const one of [...UNSAFE, ...BIDI]) {
      expect(plainText(`a${one}${one}b`), JSON.stringify(one)).toBe("a b");
      expect(isPlainText(`a${one}b`)).toBe(false);
    }
    expect(plainText("lab-pc über 实验室 🖥")).toBe("lab-pc über 实验室 🖥");
  });

  it("is cut without splitting a character", () => {
    expect(plainText("x".repeat(100), 10)).toBe("x".repeat(10));
    expect(plainText("🖥🖥", 3)).toBe("🖥\ufffd");
    expect(plainText("a\ud800b")).toBe("a\ufffdb");
  });

  it("is always plain afterwards", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => isPlainText(plainText(text))));
  });

  it("is the same value in JSON, with unsafe characters escaped", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const json = plainJson({ text });
        expect(isPlainText(json)).toBe(true);
        expect(JSON.parse(json)).toEqual({ text });
      }),
    );
    expect(plainJson({ name: "\x9b31m\u202e" })).toBe('{"name":"\\u009b31m\\u202e"}');
  });
});
