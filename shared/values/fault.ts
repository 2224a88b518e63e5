import { plainText } from "./plain-text.ts";

/** What a {@link Fault} is made of. */
export interface FaultOptions {
  /** Stable, dotted, for programs: `tap.no-permission`. */
  readonly code: string;
  /** One line: what went wrong, with the offending value. */
  readonly message: string;
  /** One line: what to do about it. */
  readonly hint: string;
  /** 1: it failed; 2: it was asked for wrongly. */
  readonly exitCode?: 1 | 2;
  readonly cause?: unknown;
}

/**
 * Something the user can mend, told in the user's words. Everything else that is thrown is our own mistake
 * and shows its stack.
 */
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

/** A {@link Fault} of wrong usage: an option or argument that can't be meant. */
export function usage(code: string, message: string, hint: string): Fault {
  return new Fault({ code, message, hint, exitCode: 2 });
}

/**
 * What to print for an error and how to exit: two lines for a {@link Fault}, the stack for a mistake of ours.
 */
export function explain(error: unknown): { readonly text: string; readonly exitCode: number } {
  if (error instanceof Fault) {
    return {
      text: `laneway: ${oneLine(error.message)}\n  ${oneLine(error.hint)}\n`,
      exitCode: error.exitCode,
    };
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  // A stack has lines of its own, and may quote as well.
  const lines = detail.split("\n").map((line) => plainText(line));
  return { text: `laneway: internal error, please report it: ${lines.join("\n")}\n`, exitCode: 1 };
}

/** Values that are quoted may come from anywhere. */
function oneLine(text: string): string {
  return plainText(text).trim();
}
