import { writeSync } from "node:fs";

/** Prints a message to the parent process at once. */
export function say(line: { readonly event: string; readonly [field: string]: unknown }): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}
