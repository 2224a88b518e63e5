import { plainJson, plainText } from "../../../shared/values/plain-text.ts";

/** One flat object of a result: a row of a table or a line of JSON. */
export type Row = Readonly<Record<string, unknown>>;

/** Style of a table cell on a terminal with colours. */
export type Look = "good" | "bad" | "busy" | "faint";

/** SGR parameters (ECMA-48): the terminal's own colours, so that they suit its background. */
const SGR: Readonly<Record<Look, string>> = { good: "32", bad: "31", busy: "33", faint: "2" };

/** Returns whether output may have colours: on a terminal, unless NO_COLOR (no-color.org) or TERM=dumb forbids it. */
export function hasColours(env: NodeJS.ProcessEnv = process.env, isTTY = process.stdout.isTTY): boolean {
  return isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
}

/** Writes results to standard output: for people by default, one JSON object per line with `--json`. */
export class Output {
  readonly #json: boolean;
  readonly #colours: boolean;

  constructor(json: boolean | undefined, colours = hasColours()) {
    this.#json = json === true;
    this.#colours = colours;
  }

  /** Writes one object, a line for each key and for each part of a composite value. */
  object(row: Row): void {
    if (this.#json) return this.#line(plainJson(row));
    const width = Math.max(...Object.keys(row).map((key) => key.length));
    for (const [key, value] of Object.entries(row)) {
      const lines = isParts(value) ? pairs(value) : [cell(value)];
      for (const [i, text] of lines.entries()) this.#line(`${(i === 0 ? key : "").padEnd(width)}  ${text}`);
    }
  }

  /**
   * Writes several objects of one kind, as a table.
   *
   * @param look returns a cell's style, if it has one
   */
  list(
    rows: readonly Row[],
    columns: readonly string[],
    look: (column: string, row: Row) => Look | undefined = () => undefined,
  ): void {
    if (this.#json) {
      for (const row of rows) this.#line(plainJson(row));
      return;
    }
    const head = columns.map((column) => column.toUpperCase());
    const body = rows.map((row) => columns.map((column) => plainText(cell(row[column]))));
    const lines = [head, ...body];
    const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
    for (const [i, line] of lines.entries()) {
      const row = rows[i - 1];
      const cells = line.map((text, column) => {
        const padded = column === columns.length - 1 ? text : text.padEnd(widths[column] ?? 0);
        const how = row === undefined ? "faint" : look(columns[column] ?? "", row);
        return this.#paint(padded, how);
      });
      process.stdout.write(`${cells.join("  ").trimEnd()}\n`);
    }
  }

  /** Writes an event: words for people, an object for programs. */
  event(event: Row, words: string): void {
    this.#line(this.#json ? plainJson(event) : words);
  }

  /** Writes words for people only. */
  note(words: string): void {
    if (!this.#json) this.#line(words);
  }

  /** Writes our own drawing with its control characters, for people only. */
  drawing(text: string): void {
    if (!this.#json) process.stdout.write(`${text.replace(/\n*$/, "")}\n`);
  }

  #paint(text: string, look: Look | undefined): string {
    return look === undefined || !this.#colours ? text : `\x1b[${SGR[look]}m${text}\x1b[0m`;
  }

  #line(text: string): void {
    process.stdout.write(`${this.#json ? text : plainText(text)}\n`);
  }
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return "-";
  if (Array.isArray(value)) return value.map(cell).join(",") || "-";
  if (isParts(value)) return pairs(value).join(" ") || "-";
  return String(value);
}

function isParts(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns `dhcp-guard=auto` and the like, in the form of options. */
function pairs(parts: Row): string[] {
  return Object.entries(parts).map(([key, value]) => {
    const text = value === true ? "on" : cell(value);
    return `${key.replaceAll("_", "-")}=${value === false ? "off" : text}`;
  });
}
