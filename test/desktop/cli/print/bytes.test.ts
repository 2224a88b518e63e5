import { describe, expect, it } from "vitest";
import { bytes } from "../../../../desktop/cli/print/bytes.ts";

describe("bytes for people", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_000, "1.0 kB"],
    [99_949, "99.9 kB"],
    [99_950, "100 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [12_345_678_901, "12.3 GB"],
    [1e18, "1000 PB"],
  ])("%d are %s", (count, text) => {
    expect(bytes(count)).toBe(text);
  });
});
