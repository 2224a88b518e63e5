import { plainText } from "../../../shared/values/plain-text.ts";
import { bytes } from "./bytes.ts";

/** The state shown in the line, read at each drawing. */
export interface LiveState {
  /** `lan up`, `lab reconnecting`: one for each network. */
  readonly networks: readonly { readonly name: string; readonly state: string }[];
  /** Why there is no network yet; undefined if unknown. */
  readonly trouble?: string | undefined;
  /** Bytes from the networks and to them, since the start. */
  readonly rxBytes: number;
  readonly txBytes: number;
  /** Other members that are online; undefined if unknown. */
  readonly members: number | undefined;
}

/** The terminal that shows the line. */
export interface Terminal {
  /** 0 or undefined if unknown. */
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

const DRAW_MS = 1_000;
/** Returns to the start of the line and erases it (ECMA-48, CR and EL). */
const CLEAR = "\r\x1b[2K";

/** A status line at the bottom of a terminal, below all other output. */
export class LiveLine {
  readonly #terminal: Terminal;
  readonly #state: () => LiveState;
  readonly #clock: () => number;
  readonly #timer: ReturnType<typeof setInterval>;
  #before: { readonly at: number; readonly rx: number; readonly tx: number };
  #rates = { rx: 0, tx: 0 };
  #closed = false;

  /** @param clock milliseconds from any start, never going back */
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

  /** Writes other output, whole lines, above it. */
  above(write: () => void): void {
    if (!this.#closed) this.#terminal.write(CLEAR);
    write();
    this.#draw();
  }

  /** Measures the rates since the last call, and draws. */
  tick(): void {
    const { rxBytes, txBytes } = this.#state();
    const at = this.#clock();
    const seconds = (at - this.#before.at) / 1_000;
    if (seconds > 0) {
      // A recreated interface counts from zero.
      const rate = (now: number, before: number) => Math.max(0, now - before) / seconds;
      this.#rates = { rx: rate(rxBytes, this.#before.rx), tx: rate(txBytes, this.#before.tx) };
    }
    this.#before = { at, rx: rxBytes, tx: txBytes };
    this.#draw();
  }

  /** Removes the line. */
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
    // A wrapped line could not be erased.
    const columns = this.#terminal.columns || 80;
    this.#terminal.write(`${CLEAR}${text.slice(0, Math.max(1, columns - 1))}`);
  }
}
