import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { freeLabel, hostLabel } from "../../../relay/tenants/label.ts";

describe("the label of a device", () => {
  it.each([
    ["laptop", "laptop"],
    ["Anna's Laptop", "anna-s-laptop"],
    ["  --lab_pc.example.org-- ", "lab-pc-example-org"],
    ["Zoë's Müsli", "zoe-s-musli"],
    ["server №1", "server-no1"],
    ["服务器", "device"],
    ["", "device"],
    ["a".repeat(80), "a".repeat(63)],
    [`${"a".repeat(62)}-b`, "a".repeat(62)],
  ])("of %j is %j", (name, label) => {
    expect(hostLabel(name)).toBe(label);
  });

  it("is valid for a host, whatever the name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 256 }), (name) => {
        expect(hostLabel(name)).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
      }),
    );
  });

  it("is numbered from 2 on if it is taken, within the maximum length of a label", () => {
    const taken = new Set(["laptop", "laptop-2", "laptop-4", "a".repeat(63)]);
    expect(freeLabel("laptop", (label) => taken.has(label))).toBe("laptop-3");
    expect(freeLabel("desktop", (label) => taken.has(label))).toBe("desktop");
    expect(freeLabel("a".repeat(63), (label) => taken.has(label))).toBe(`${"a".repeat(61)}-2`);
  });
});
