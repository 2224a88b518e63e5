const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"] as const;
const BIT_UNITS = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"] as const;

/** Units of time, the longest first, with their seconds. */
const TIME_UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;

/** Numbers and times as one language writes them. */
export class Formats {
  readonly #language: string;
  readonly #number: Intl.NumberFormat;
  readonly #short: Intl.NumberFormat;
  readonly #relative: Intl.RelativeTimeFormat;
  readonly #clock: Intl.DateTimeFormat;
  readonly #moment: Intl.DateTimeFormat;

  /** @param language a BCP 47 tag */
  constructor(language: string) {
    this.#language = language;
    this.#number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
    this.#short = new Intl.NumberFormat(language, { maximumSignificantDigits: 3, useGrouping: false });
    this.#relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
    this.#clock = new Intl.DateTimeFormat(language, { timeStyle: "medium" });
    this.#moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
  }

  /** Returns a number with at most one digit after the point. */
  count(value: number): string {
    return this.#number.format(value);
  }

  /** Returns an amount of bytes, in powers of a thousand. */
  bytes(value: number): string {
    return this.#scaled(value, BYTE_UNITS);
  }

  /** Returns bytes per second as bits per second, the unit that links are named by. */
  rate(bytesPerSecond: number): string {
    return this.bitRate(bytesPerSecond * 8);
  }

  bitRate(bitsPerSecond: number): string {
    return this.#scaled(bitsPerSecond, BIT_UNITS);
  }

  milliseconds(value: number): string {
    return `${value < 10 ? this.#short.format(Math.round(value * 10) / 10) : this.#number.format(Math.round(value))} ms`;
  }

  /** Returns whole units of a duration in seconds, like "3 min". */
  duration(seconds: number): string {
    const [unit, size] = TIME_UNITS.find(([, size]) => seconds >= size) ?? (["second", 1] as const);
    const options = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 0 } as const;
    return new Intl.NumberFormat(this.#language, options).format(Math.floor(seconds / size));
  }

  /** Returns the time of day of an ISO 8601 time. */
  clock(iso: string): string {
    return this.#clock.format(new Date(iso));
  }

  /** Returns the date and the time of day of an ISO 8601 time. */
  moment(iso: string): string {
    return this.#moment.format(new Date(iso));
  }

  /**
   * Returns how far off a time is, like "3 minutes ago" or "in 7 days", in minutes at the finest.
   *
   * @param now milliseconds since 1970
   */
  relative(iso: string, now: number): string {
    const seconds = (Date.parse(iso) - now) / 1_000;
    const [unit, size] =
      TIME_UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? (["minute", 60] as const);
    return this.#relative.format(Math.trunc(seconds / size), unit);
  }

  #scaled(value: number, units: readonly string[]): string {
    const last = units.length - 1;
    const power = value < 1 ? 0 : Math.min(last, Math.floor(Math.log10(value) / 3));
    // A value that rounds up to a thousand is one of the next unit.
    const step = value / 1_000 ** power >= 999.5 && power < last ? power + 1 : power;
    return `${this.#short.format(Number((value / 1_000 ** step).toPrecision(3)))} ${units[step] ?? ""}`;
  }
}
