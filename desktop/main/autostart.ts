/** Starts the app with the desktop session. Networks do not need it: the agent starts with the machine. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { App } from "electron";

/** Tells the app not to show the window at once. */
export const HIDDEN_FLAG = "--hidden";

export interface Autostart {
  set(wanted: boolean): void;
}

/** Linux uses a file (Desktop Application Autostart Specification); Electron supports the other systems. */
export function autostartFor(app: Pick<App, "setLoginItemSettings" | "getPath" | "getName">): Autostart {
  if (process.platform === "linux") {
    const config = process.env["XDG_CONFIG_HOME"] ?? join(app.getPath("home"), ".config");
    // An AppImage runs from a temporary mount; APPIMAGE has its permanent path.
    const program = process.env["APPIMAGE"] ?? app.getPath("exe");
    return new AutostartFile(join(config, "autostart", "laneway-desktop.desktop"), program, app.getName());
  }
  return {
    set: (wanted) => app.setLoginItemSettings({ openAtLogin: wanted, args: [HIDDEN_FLAG] }),
  };
}

/** The file that starts a program with the session. */
export class AutostartFile implements Autostart {
  readonly #file: string;
  readonly #entry: string;

  constructor(file: string, program: string, name: string) {
    this.#file = file;
    this.#entry = `[Desktop Entry]
Type=Application
Name=${name}
Exec=${quote(program)} ${HIDDEN_FLAG}
Icon=laneway-desktop
Terminal=false
X-GNOME-Autostart-enabled=true
`;
  }

  set(wanted: boolean): void {
    if (!wanted) rmSync(this.#file, { force: true });
    else if (!existsSync(this.#file) || readFileSync(this.#file, "utf8") !== this.#entry) {
      mkdirSync(dirname(this.#file), { recursive: true });
      writeFileSync(this.#file, this.#entry, { mode: 0o644 });
    }
  }
}

/**
 * Quotes by the Desktop Entry Specification, "The Exec key": special characters are escaped, and escaped again for the
 * file.
 */
function quote(program: string): string {
  const escaped = program.replaceAll(/["`$\\]/g, "\\$&").replaceAll("%", "%%");
  return `"${escaped.replaceAll("\\", "\\\\")}"`;
}
