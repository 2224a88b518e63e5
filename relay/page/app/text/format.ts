import { languageTag } from "../state/preferences.ts";

const formats: Map<string, Intl.NumberFormat> = new Map();

function format(key: string, options: Intl.NumberFormatOptions) {
  const tag = languageTag();
  let known = formats.get(`${tag} ${key}`);
  if (known === undefined) {
    known = new Intl.NumberFormat(tag, options);
    formats.set(`${tag} ${key}`, known);
  }
  return known;
}

export function number(value: number) {
  return format("number", { maximumFractionDigits: 1 }).format(value);
}

/**
 * An amount in the greatest unit that leaves a number to read.
 *
 * @param units each a thousand of the one before
 */
function scaled(value: number, units: readonly string[]) {
  let scale = 0;
  let rest = value;
  while (rest >= 999.5 && scale < units.length - 1) {
    rest /= 1_000;
    scale++;
  }
  const unit = units[scale] ?? "";
  const digits = scale === 0 ? 0 : rest < 9.995 ? 2 : rest < 99.95 ? 1 : 0;
  return format(`${unit} ${digits}`, {
    style: "unit",
    unit,
    unitDisplay: "short",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(rest);
}

export function bytes(value: number) {
  return scaled(value, ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"]);
}

/** @param value bits per second */
export function bitRate(value: number) {
  return scaled(value, [
    "bit-per-second",
    "kilobit-per-second",
    "megabit-per-second",
    "gigabit-per-second",
    "terabit-per-second",
  ]);
}

export function duration(seconds: number) {
  const [unit, size] = unitOf(seconds);
  return format(unit, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 0 }).format(
    Math.floor(seconds / size),
  );
}

/**
 * How far off a time is: "3 minutes ago", "in 7 days".
 *
 * @param time ISO 8601
 * @param now milliseconds since 1970
 */
export function relative(time: string, now: number = Date.now()) {
  const seconds = (Date.parse(time) - now) / 1_000;
  const [unit, size] = unitOf(Math.abs(seconds));
  const count = Math.trunc(seconds / size);
  return new Intl.RelativeTimeFormat(languageTag(), { numeric: "auto" }).format(count, unit);
}

/** @param time ISO 8601 */
export function dateTime(time: string) {
  const style = { dateStyle: "medium" as const, timeStyle: "medium" as const };
  return new Intl.DateTimeFormat(languageTag(), style).format(new Date(time));
}

function unitOf(seconds: number): ["day" | "hour" | "minute" | "second", number] {
  if (seconds >= 86_400) return ["day", 86_400];
  if (seconds >= 3_600) return ["hour", 3_600];
  if (seconds >= 60) return ["minute", 60];
  return ["second", 1];
}
