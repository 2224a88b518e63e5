import { describe, expect, it } from "vitest";
import { UNMANAGED_FILES } from "../../../../../desktop/agent/service/networks/unmanaged.ts";

describe("the configuration of interface managers", () => {
  const text = (end: string) => UNMANAGED_FILES.find(({ path }) => path.endsWith(end))?.text ?? "";

  it("comes before what others have for all interfaces", () => {
    for (const { path } of UNMANAGED_FILES) {
      const file = path.split("/").at(-1) ?? "";
      expect(file < (file.endsWith(".rules") ? "85-nm-unmanaged.rules" : "10-all.network")).toBe(true);
    }
  });

  it("is to leave ours alone: their MAC addresses, their addresses, and all else", () => {
    expect(text(".link")).toContain("MACAddressPolicy=none");
    expect(text(".network")).toContain("Unmanaged=yes");
    expect(text(".rules")).toContain('ENV{NM_UNMANAGED}="1"');
    for (const { text } of UNMANAGED_FILES) expect(text).toContain("lw[0-9]*");
  });
});
