/** The agent's systemd unit: one text for the command and for packages. */
import { readFileSync } from "node:fs";

export const UNIT_NAME = "laneway.service";

/** Placeholder for the program that is the command `laneway`. */
const COMMAND = "@COMMAND@";

/** The user and group of the agent, for systemd-sysusers. */
export const SYSUSERS = `u laneway - "Laneway agent" /var/lib/laneway /usr/sbin/nologin\n`;

/** @param command the program and its first arguments: absolute paths */
export function unitText(command: readonly string[]): string {
  const text = readFileSync(new URL(UNIT_NAME, import.meta.url), "utf8");
  return text.replace(COMMAND, () => command.map(escaped).join(" "));
}

/** Escapes a word of ExecStart (systemd.service(5), "COMMAND LINES"). */
function escaped(word: string): string {
  const text = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w./%$+@:=-]+$/.test(text) ? text : `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
