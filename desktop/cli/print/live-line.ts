import { plainText } from "../../../shared/values/plain-text.ts";
import { bytes } from "./bytes.ts";

/** What the line is about, asked for whenever it is drawn. */
export interface LiveState {
  /** `lan up`, `lab reconnecting`: one for each network. */
  readonly networks: readonly { readonly name: string; readonly state: string }[];
  /** Why there is none yet; undefined while that is not known. */
  readonly trouble?: string | undefined;
  /** Bytes from the networks and to them, since the start. */
  readonly rxBytes: number;
  readonly txBytes: number;
  /** Others who are online; undefined where nobody told. */
  readonly members: number | undefined;
}

/** Where the line goes: a terminal. */
export interface Terminal {
  /** 0 or undefined where it does not tell. */
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

const DRAW_MS = 1_000;
/** Back to the line's beginning, and erase it (ECMA-48, CR and EL). */
const CLEAR = "\r\x1b[2K";

/** One line at the bottom of a terminal that says how things stand, below whatever else is written. */
export class LiveLine {
  readonly #terminal: Terminal;
  readonly #state: () => LiveState;
  readonly #clock: () => number;
  readonly #timer: ReturnType<typeof setInterval>;
  #before: { readonly at: number; readonly rx: number; readonly tx: number };
  #rates = { rx: 0, tx: 0 };
  #closed = false;

  /** @param clock milliseconds, from whatever start, never going back */
  constructor(terminal: Terminal, state: () => LiveState, clock: () => number = () => performance.now()) {
    this.#terminal = terminal;
    this.#state = state;
    this.#clock = clock;
    const { rxBytes, txBytes } = state();
    this.#before = { at: clock(), rx: rxBytes, tx: txBytes };
    this.#timer = setInterval(() => this.tick(), DRAW_MS);
    this.#timer.unref();
    this.#draw();
  }

  /** Writes something else, of whole lines, above it. */
  above(write: () => void): void {
    if (!this.#closed) this.#terminal.write(CLEAR);
    write();
    this.#draw();
  }

  /** Measures the rates since the last time, and draws. */
  tick(): void {
    const { rxBytes, txBytes } = this.#state();
    const at = this.#clock();
    const seconds = (at - this.#before.at) / 1_000;
    if (seconds > 0) {
      // An interface that was made anew counts from the start.
      const rate = (now: number, before: number) => Math.max(0, now - before) / seconds;
      this.#rates = { rx: rate(rxBytes, this.#before.rx), tx: rate(txBytes, this.#before.tx) };
    }
    this.#before = { at, rx: rxBytes, tx: txBytes };
    this.#draw();
  }

  /** Takes it away. */
  close(): void {
    clearInterval(this.#timer);
    if (!this.#closed) this.#terminal.write(CLEAR);
    this.#closed = true;
  }

  #draw(): void {
    if (this.#closed) return;
    const { networks, trouble, members } = this.#state();
    const others = members === undefined ? [] : [members === 1 ? "1 other" : `${members} others`];
    const parts = [
      networks.map(({ name, state }) => `${name} ${state}`).join(", ") ||
        (trouble === undefined ? "connecting" : `connecting (${trouble})`),
      `in ${bytes(this.#rates.rx)}/s`,
      `out ${bytes(this.#rates.tx)}/s`,
      ...others,
    ];
    const text = plainText(parts.join(" | "));
    // A line that wraps could not be erased.
    const columns = this.#terminal.columns || 80;
    this.#terminal.write(`${CLEAR}${text.slice(0, Math.max(1, columns - 1))}`);
  }
}
