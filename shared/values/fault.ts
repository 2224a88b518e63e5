import { plainText } from "./plain-text.ts";

/** The parts of a {@link Fault}. */
export interface FaultOptions {
  /** Stable, dotted, for programs: `tap.no-permission`. */
  readonly code: string;
  /** One line: the problem, with the offending value. */
  readonly message: string;
  /** One line: the next step. */
  readonly hint: string;
  /** 1: it failed; 2: wrong usage. */
  readonly exitCode?: 1 | 2;
  readonly cause?: unknown;
}

/** An error that the user can fix, in the user's words. Any other error is our own mistake and shows its stack. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly code: string;
  readonly hint: string;
  readonly exitCode: 1 | 2;

  constructor(options: FaultOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** Returns a {@link Fault} of wrong usage: an invalid option or argument. */
export function usage(code: string, message: string, hint: string): Fault {
  return new Fault({ code, message, hint, exitCode: 2 });
}

/**
 * Returns the text to print for an error and the exit code: two lines for a {@link Fault}, the stack for our own
 * mistake.
 */
export function explain(error: unknown): { readonly text: string; readonly exitCode: number } {
  if (error instanceof Fault) {
    return {
      text: `laneway: ${oneLine(error.message)}\n  ${oneLine(error.hint)}\n`,
      exitCode: error.exitCode,
    };
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  // A stack has several lines, and may quote values too.
  const lines = detail.split("\n").map((line) => plainText(line));
  return { text: `laneway: internal error, please report it: ${lines.join("\n")}\n`, exitCode: 1 };
}

/** Makes a text safe to print, because quoted values may come from anywhere. */
function oneLine(text: string): string {
  return plainText(text).trim();
}
