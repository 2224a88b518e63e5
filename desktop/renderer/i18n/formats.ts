const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"] as const;
const BIT_UNITS = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"] as const;

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

/** Numbers and times as one language writes them. */
export class Formats {
  readonly #number: Intl.NumberFormat;
  readonly #short: Intl.NumberFormat;
  readonly #relative: Intl.RelativeTimeFormat;
  readonly #clock: Intl.DateTimeFormat;
  readonly #moment: Intl.DateTimeFormat;

  constructor(language: string) {
    this.#number = new Intl.NumberFormat(language);
    this.#short = new Intl.NumberFormat(language, { maximumSignificantDigits: 3, useGrouping: false });
    this.#relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
    this.#clock = new Intl.DateTimeFormat(language, { timeStyle: "medium" });
    this.#moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  }

  count(value: number): string {
    return this.#number.format(value);
  }

  /** Bytes, in powers of a thousand. */
  bytes(value: number): string {
    return this.#scaled(value, BYTE_UNITS);
  }

  /** Bytes per second as bits per second, which is how links are named. */
  rate(bytesPerSecond: number): string {
    return this.bitRate(bytesPerSecond * 8);
  }

  bitRate(bitsPerSecond: number): string {
    return this.#scaled(bitsPerSecond, BIT_UNITS);
  }

  milliseconds(value: number): string {
    return `${value < 10 ? this.#short.format(Math.round(value * 10) / 10) : this.#number.format(Math.round(value))} ms`;
  }

  clock(iso: string): string {
    return this.#clock.format(new Date(iso));
  }

  moment(iso: string): string {
    return this.#moment.format(new Date(iso));
  }

  /**
   * How long ago, like "3 minutes ago".
   *
   * @param now milliseconds since 1970
   */
  ago(iso: string, now: number): string {
    const seconds = Math.max(0, (now - Date.parse(iso)) / 1_000);
    if (seconds < MINUTE) return this.#relative.format(0, "minute");
    if (seconds < HOUR) return this.#relative.format(-Math.floor(seconds / MINUTE), "minute");
    if (seconds < DAY) return this.#relative.format(-Math.floor(seconds / HOUR), "hour");
    return this.#relative.format(-Math.floor(seconds / DAY), "day");
  }

  #scaled(value: number, units: readonly string[]): string {
    const last = units.length - 1;
    const power = value < 1 ? 0 : Math.min(last, Math.floor(Math.log10(value) / 3));
    // What rounds up to a thousand is one of the next.
    const step = value / 1_000 ** power >= 999.5 && power < last ? power + 1 : power;
    return `${this.#short.format(Number((value / 1_000 ** step).toPrecision(3)))} ${units[step] ?? ""}`;
  }
}
