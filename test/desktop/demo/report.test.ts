import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Report } from "../../../desktop/demo/report.ts";

function write(isTTY: boolean): string {
  let written = "";
  const report = new Report({ write: (text) => (written += text), isTTY });
  report.title("title");
  report.step("first");
  report.good("this");
  report.step("second");
  report.bad("that");
  report.plain("copy me");
  report.verdict("end", false);
  return written;
}

describe("the demo's report", () => {
  beforeEach(() => void vi.stubEnv("NO_COLOR", undefined));
  afterEach(() => void vi.unstubAllEnvs());

  it("numbers the steps and marks good and bad results", () => {
    expect(write(false)).toBe("title\n\n1. first\n   ✓ this\n\n2. second\n   ✗ that\n   copy me\n\nend\n");
  });

  it("has colours only on a terminal, and not with NO_COLOR", () => {
    expect(write(false)).not.toContain("\u001b");
    expect(write(true)).toContain("\u001b[32m✓\u001b[0m this");
    vi.stubEnv("NO_COLOR", "1");
    expect(write(true)).not.toContain("\u001b");
  });
});
