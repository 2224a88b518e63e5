import { usage } from "./fault.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/**
 * Parses `30s`, `15m`, `24h` or `7d`.
 *
 * @returns seconds
 * @throws Fault for anything else
 */
export function parseDuration(text: string): number {
  const match = /^(\d{1,9})([smhd])$/.exec(text);
  const unit = UNITS[match?.[2] ?? ""];
  const count = Number(match?.[1]);
  if (unit === undefined || count === 0) {
    throw usage("usage.duration", `'${text}' is not a duration`, "Write it as 30s, 15m, 24h or 7d.");
  }
  return count * unit;
}
