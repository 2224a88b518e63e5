import { ERROR_CODES as AGENT_CODES } from "../rpc/error-codes.ts";

/** What goes wrong in the app itself. */
const APP_CODES = [
  /** A mistake of ours in the app. */
  "app.internal",
  /** The file that the user chose can't be written. */
  "app.file-unwritable",
] as const;

/** Every code that the window has words for. The list is closed: text.ts has a case for all others. */
export const CODES = [...AGENT_CODES, ...APP_CODES] as const;
export type Code = (typeof CODES)[number];

/** What people are told of an error. */
export interface ErrorText {
  /** A few words, without a full stop. */
  readonly title: string;
  /** One plain sentence: what it means. */
  readonly sentence: string;
  /** One sentence: what to do next. */
  readonly next: string;
}

/** The words for every code in one language: one that is missing does not compile. */
export type ErrorTexts = Readonly<Record<Code | "unknown", ErrorText>>;

const known: ReadonlySet<string> = new Set(CODES);

/** Whether it is one of {@link CODES}. */
export function isCode(code: string): code is Code {
  return known.has(code);
}
