/** Where the demo writes: a terminal, a pipe or a test's own. */
export type Output = { write(text: string): unknown; isTTY?: boolean };

const RESET = "\u001b[0m";
const BOLD = "\u001b[1m";
const DIM = "\u001b[2m";
const GREEN = "\u001b[32m";
const RED = "\u001b[31m";

/** Tells what the demo does, step by step; in colour on a terminal only. */
export class Report {
  readonly #output: Output;
  readonly #colour: boolean;
  #steps = 0;

  constructor(output: Output) {
    this.#output = output;
    // https://no-color.org
    this.#colour = output.isTTY === true && !process.env["NO_COLOR"];
  }

  title(text: string): void {
    this.#line(this.#paint(BOLD, text));
  }

  /** Begins the next step. */
  step(text: string): void {
    this.#steps += 1;
    this.#line("");
    this.#line(this.#paint(BOLD, `${this.#steps}. ${text}`));
  }

  /** A result that is as it should be. */
  good(text: string): void {
    this.#line(`   ${this.#paint(GREEN, "✓")} ${text}`);
  }

  /** A result that is not. */
  bad(text: string): void {
    this.#line(`   ${this.#paint(RED, "✗")} ${text}`);
  }

  /** Something to know. */
  note(text: string): void {
    this.#line(text === "" ? "" : `   ${this.#paint(DIM, text)}`);
  }

  /** Something to copy, so without colour. */
  plain(text: string): void {
    this.#line(text === "" ? "" : `   ${text}`);
  }

  /** The last word. */
  verdict(text: string, good: boolean): void {
    this.#line("");
    this.#line(this.#paint(good ? GREEN : RED, text));
  }

  #paint(colour: string, text: string): string {
    return this.#colour ? `${colour}${text}${RESET}` : text;
  }

  #line(text: string): void {
    this.#output.write(`${text}\n`);
  }
}
