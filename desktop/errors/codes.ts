import { ERROR_CODES as AGENT_CODES } from "../rpc/error-codes.ts";

/** Errors of the app itself. */
const APP_CODES = [
  /** A bug in the app. */
  "app.internal",
  /** The file that the user chose can't be written. */
  "app.file-unwritable",
] as const;

/** Every code with a text in the window. The list is closed: text.ts handles all others. */
export const CODES = [...AGENT_CODES, ...APP_CODES] as const;
export type Code = (typeof CODES)[number];

/** The text of an error for users. */
export interface ErrorText {
  /** A few words, without a full stop. */
  readonly title: string;
  /** One plain sentence: the meaning. */
  readonly sentence: string;
  /** One sentence: the next step. */
  readonly next: string;
}

/** The words for every code in one language: one that is missing does not compile. */
export type ErrorTexts = Readonly<Record<Code | "unknown", ErrorText>>;

const known: ReadonlySet<string> = new Set(CODES);

/** Returns whether a code is one of {@link CODES}. */
export function isCode(code: string): code is Code {
  return known.has(code);
}
