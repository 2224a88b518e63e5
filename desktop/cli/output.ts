/** One flat object of a result: what a row of a table or a line of JSON shows. */
export type Row = Readonly<Record<string, unknown>>;

/** Writes results to standard output: for people by default, one JSON object per line with `--json`. */
export class Output {
  readonly #json: boolean;

  constructor(json: boolean | undefined) {
    this.#json = json === true;
  }

  /** One object, a line for each key and value, and for each part of a value that has several. */
  object(row: Row): void {
    if (this.#json) return this.#line(JSON.stringify(row));
    const width = Math.max(...Object.keys(row).map((key) => key.length));
    for (const [key, value] of Object.entries(row)) {
      const lines = isParts(value) ? pairs(value) : [cell(value)];
      for (const [i, text] of lines.entries()) this.#line(`${(i === 0 ? key : "").padEnd(width)}  ${text}`);
    }
  }

  /** Several objects of one kind, as a table. */
  list(rows: readonly Row[], columns: readonly string[]): void {
    if (this.#json) {
      for (const row of rows) this.#line(JSON.stringify(row));
      return;
    }
    const lines = [
      columns.map((column) => column.toUpperCase()),
      ...rows.map((row) => columns.map((column) => cell(row[column]))),
    ];
    const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
    for (const line of lines)
      this.#line(
        line
          .map((text, i) => text.padEnd(widths[i] ?? 0))
          .join("  ")
          .trimEnd(),
      );
  }

  /** Something that happened: words for people, an object for programs. */
  event(event: Row, words: string): void {
    this.#line(this.#json ? JSON.stringify(event) : words);
  }

  /** Words for people alone. */
  note(words: string): void {
    if (!this.#json) this.#line(words);
  }

  /** What was drawn here, control characters and all: for people alone. */
  drawing(text: string): void {
    if (!this.#json) process.stdout.write(`${text.replace(/\n*$/, "")}\n`);
  }

  #line(text: string): void {
    // Names come from anybody's devices, and a terminal obeys control characters; JSON has none but those it escapes.
    const safe = this.#json ? text : text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ");
    process.stdout.write(`${safe}\n`);
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

/** `dhcp-guard=auto` and the like, as options are written. */
function pairs(parts: Row): string[] {
  return Object.entries(parts).map(([key, value]) => {
    const text = value === true ? "on" : cell(value);
    return `${key.replaceAll("_", "-")}=${value === false ? "off" : text}`;
  });
}
