import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { AutostartFile } from "../../../desktop/main/autostart.ts";

describe("starting at login", () => {
  it("creates and removes a file of the desktop", () => {
    const folder = mkdtempSync(join(tmpdir(), "laneway-autostart-"));
    try {
      const file = join(folder, "autostart/laneway-desktop.desktop");
      const autostart = new AutostartFile(file, '/opt/My "Apps"/100%/laneway-desktop', "Laneway");
      autostart.set(false);
      expect(existsSync(file)).toBe(false);
      autostart.set(true);
      autostart.set(true);
      const text = readFileSync(file, "utf8");
      expect(text).toContain("[Desktop Entry]\nType=Application\nName=Laneway\n");
      expect(text).toContain(String.raw`Exec="/opt/My \\"Apps\\"/100%%/laneway-desktop" --hidden`);
      autostart.set(false);
      expect(existsSync(file)).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
