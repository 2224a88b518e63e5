import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CODES, isCode } from "../../../desktop/errors/codes.ts";
import { errorText } from "../../../desktop/errors/text.ts";

const DESKTOP = join(import.meta.dirname, "../../../desktop");

/** Faults that end a command before there is a window. */
const TERMINAL = new Set(["agent.socket", "qemu.listen", "qemu.gone"]);

/** Returns the codes of faults in the sources of a folder. */
function codesIn(folder: string): string[] {
  return readdirSync(join(DESKTOP, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => [
      ...readFileSync(join(DESKTOP, folder, file), "utf8").matchAll(
        /code: "([a-z]+\.[a-z0-9.-]+)",\s+message/g,
      ),
    ])
    .map(([, code = ""]) => code);
}

describe("the texts of errors", () => {
  it.each(["agent", "rpc", "main"])("exist for every fault of desktop/%s", (folder) => {
    const codes = codesIn(folder);
    expect(codes.length).toBeGreaterThan(0);
    expect(codes.filter((code) => !isCode(code) && !TERMINAL.has(code))).toEqual([]);
  });

  it("have a title, a sentence and the next step in both languages", () => {
    for (const code of CODES) {
      const problem = { code, message: "m", hint: "h" };
      const english = errorText(problem, "en");
      expect(english.title, code).toMatch(/^[A-Z].*[^.]$/);
      expect(english.sentence, code).toMatch(/^[A-Z].*[.…]$/);
      expect(english.next, code).toMatch(/^[A-Z]/);
      const chinese = errorText(problem, "zh-CN");
      for (const text of Object.values(chinese)) expect(text, code).toMatch(/\p{Script=Han}/u);
      expect(chinese.sentence, code).toMatch(/。$/);
    }
  });

  it("show unknown errors as they came", () => {
    const problem = { code: "relay.of-tomorrow", message: "the moon is full", hint: "Wait." };
    expect(errorText(problem, "en")).toEqual({
      title: "Something went wrong",
      sentence: "the moon is full",
      next: "Wait.",
    });
    expect(errorText(problem, "zh-CN").title).toBe("出现问题");
  });

  it("do not take an object's built-in names for codes", () => {
    expect(isCode("constructor")).toBe(false);
    expect(errorText({ code: "toString", message: "m", hint: "h" }, "en").sentence).toBe("m");
  });
});
