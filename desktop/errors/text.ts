import type { Problem } from "../rpc/shapes.ts";
import { type Code, isCode } from "./codes.ts";
import { en } from "./en.ts";
import { zhCN } from "./zh-cn.ts";

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

/** The languages of the app, as BCP 47 tags. */
export const LANGUAGES = ["en", "zh-CN"] as const;
export type Language = (typeof LANGUAGES)[number];

const texts: Readonly<Record<Language, ErrorTexts>> = { en, "zh-CN": zhCN };

/**
 * The words for an error. One that is not in the list, from a relay of another version, is told as it came, which is in
 * English.
 */
export function errorText(problem: Problem, language: Language): ErrorText {
  if (isCode(problem.code)) return texts[language][problem.code];
  const { title } = texts[language].unknown;
  return { title, sentence: problem.message, next: problem.hint };
}
