import { describe, expect, it } from "vitest";
import { isLinkLocalControl } from "../../../../shared/switch/guards/link-local.ts";

describe("a link-local control address", () => {
  it("is any from 01:80:c2:00:00:00 to 0f", () => {
    for (let last = 0; last <= 0x0f; last++) {
      expect(isLinkLocalControl(0x0180c2000000 + last)).toBe(true);
    }
  });

  it("is no address beside that range", () => {
    for (const other of [0x0180c2000010, 0x0180c2000100, 0x0180c2010000, 0x0080c2000000, 0x0180c3000000]) {
      expect(isLinkLocalControl(other)).toBe(false);
    }
    expect(isLinkLocalControl(0xffffffffffff)).toBe(false);
    expect(isLinkLocalControl(0x01005e000001)).toBe(false);
  });
});
