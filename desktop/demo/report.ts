/** The demo's output: a terminal, a pipe or a test's own. */
export type DemoOutput = { write(text: string): unknown; isTTY?: boolean };

const RESET = "\u001b[0m";
const BOLD = "\u001b[1m";
const DIM = "\u001b[2m";
const GREEN = "\u001b[32m";
const RED = "\u001b[31m";

/** Reports the demo's steps; in colour only on a terminal. */
export class Report {
  readonly #output: DemoOutput;
  readonly #colour: boolean;
  #steps = 0;

  constructor(output: DemoOutput) {
    this.#output = output;
    // https://no-color.org
    this.#colour = output.isTTY === true && !process.env["NO_COLOR"];
  }

  title(text: string): void {
    this.#line(this.#paint(BOLD, text));
  }

  /** Starts the next step. */
  step(text: string): void {
    this.#steps += 1;
    this.#line("");
    this.#line(this.#paint(BOLD, `${this.#steps}. ${text}`));
  }

  /** Reports a good result. */
  good(text: string): void {
    this.#line(`   ${this.#paint(GREEN, "✓")} ${text}`);
  }

  /** Reports a bad result. */
  bad(text: string): void {
    this.#line(`   ${this.#paint(RED, "✗")} ${text}`);
  }

  /** Prints a note. */
  note(text: string): void {
    this.#line(text === "" ? "" : `   ${this.#paint(DIM, text)}`);
  }

  /** Prints text to copy, so without colour. */
  plain(text: string): void {
    this.#line(text === "" ? "" : `   ${text}`);
  }

  /** Prints the final result. */
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
