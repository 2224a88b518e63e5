import { expect, it } from "vitest";
import { parseDuration } from "../../../shared/values/duration.ts";

it("reads seconds, minutes, hours and days", () => {
  expect(["30s", "15m", "24h", "7d"].map(parseDuration)).toEqual([30, 900, 86_400, 604_800]);
});

it("refuses everything else, naming the value", () => {
  for (const text of ["", "5", "s", "-5s", "0s", "1.5h", "5w", "5 s"]) {
    expect(() => parseDuration(text), text).toThrow(`'${text}' is not a duration`);
  }
});
