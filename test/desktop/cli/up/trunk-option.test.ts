import { describe, expect, it } from "vitest";
import { parseTrunk } from "../../../../desktop/cli/up/trunk-option.ts";

describe("--trunk", () => {
  it("maps VLAN IDs, and untagged frames, to networks", () => {
    expect(parseTrunk("10=lab")).toEqual([{ vlan: 10, network: "lab" }]);
    expect(parseTrunk("untagged=lan, 1=lab ,4094=guests")).toEqual([
      { vlan: 0, network: "lan" },
      { vlan: 1, network: "lab" },
      { vlan: 4094, network: "guests" },
    ]);
  });

  it("may be repeated, and checks all values together", () => {
    const before = parseTrunk("10=lab");
    expect(parseTrunk("20=guests", before)).toEqual([...before, { vlan: 20, network: "guests" }]);
    expect(() => parseTrunk("10=guests", before)).toThrow("VLAN id 10");
    expect(() => parseTrunk("20=lab", before)).toThrow("'lab'");
  });

  it.each([
    ["", "''"],
    ["lab", "'lab'"],
    ["10=", "'10='"],
    ["=lab", "'=lab'"],
    ["10=lab,", "''"],
    ["10=lab=guests", "'10=lab=guests'"],
    ["0=lab", "'0'"],
    ["4095=lab", "'4095'"],
    ["-1=lab", "'-1'"],
    ["1.5=lab", "'1.5'"],
    ["0x0a=lab", "'0x0a'"],
    ["010=lab", "'010'"],
    ["1e1=lab", "'1e1'"],
    ["tagged=lab", "'tagged'"],
    ["10=lab,10=guests", "VLAN id 10 is mapped twice, to 'lab' and to 'guests'"],
    ["untagged=lab,untagged=guests", "'untagged' is mapped twice"],
    ["10=lab,20=lab", "'lab' is mapped twice"],
  ])("refuses invalid values, and names them: %j", (text, says) => {
    expect(() => parseTrunk(text)).toThrow(
      expect.objectContaining({ code: "usage.trunk", exitCode: 2, message: expect.stringContaining(says) }),
    );
  });
});
