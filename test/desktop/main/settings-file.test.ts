import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { closeChoice } from "../../../desktop/main/close-choice.ts";
import { SettingsFile } from "../../../desktop/main/settings-file.ts";
import { wordsFor } from "../../../desktop/main/words.ts";

describe("the app's settings", () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "laneway-settings-"));
    file = join(folder, "config/settings.json");
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it("are kept between starts, readable only by their owner", () => {
    const settings = new SettingsFile(file);
    expect(settings.set({ theme: "dark", notifications: undefined })).toMatchObject({
      theme: "dark",
      notifications: true,
    });
    expect(new SettingsFile(file).settings.theme).toBe("dark");
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("survive an invalid file, and lose only an invalid setting", () => {
    new SettingsFile(file).set({ theme: "dark", language: "zh-CN" });
    writeFileSync(file, readFileSync(file, "utf8").replace('"dark"', '"pink"'));
    expect(new SettingsFile(file).settings).toMatchObject({ theme: "system", language: "zh-CN" });
    writeFileSync(file, "{");
    expect(new SettingsFile(file).settings.theme).toBe("system");
  });

  it("decide what closing the window does: first the user is asked", async () => {
    const settings = new SettingsFile(file);
    const asked: (string | undefined)[] = [];
    let response = 2;
    const close = () =>
      closeChoice({
        settings,
        words: () => wordsFor("en", ""),
        ask: async ({ message }) => {
          asked.push(message);
          return { response };
        },
        changed: () => {},
      });
    expect(await close()).toBe("stay");
    response = 1;
    expect(await close()).toBe("quit");
    expect(await close()).toBe("quit");
    expect(asked).toEqual(Array(2).fill("Your networks stay connected when the window closes."));
    settings.set({ on_close: "tray" });
    expect(await close()).toBe("hide");
  });
});
