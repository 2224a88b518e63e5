import { readFileSync } from "node:fs";

/** Returns this program's version, like `0.1.0`. */
export function ownVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
