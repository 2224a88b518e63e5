import type { Problem } from "../rpc/shapes.ts";
import { type Code, isCode } from "./codes.ts";
import { en } from "./en.ts";
import { zhCN } from "./zh-cn.ts";

/** The text of an error for users. */
export interface ErrorText {
  /** A few words, without a full stop. */
  readonly title: string;
  /** One plain sentence: the meaning. */
  readonly sentence: string;
  /** One sentence: the next step. */
  readonly next: string;
}

/** The texts for every code in one language: a missing one does not compile. */
export type ErrorTexts = Readonly<Record<Code | "unknown", ErrorText>>;

/** The languages of the app, as BCP 47 tags. */
export const LANGUAGES = ["en", "zh-CN"] as const;
export type Language = (typeof LANGUAGES)[number];

const texts: Readonly<Record<Language, ErrorTexts>> = { en, "zh-CN": zhCN };

/** Returns the text of an error. An unknown one, from a relay of another version, is shown as it came, in English. */
export function errorText(problem: Problem, language: Language): ErrorText {
  if (isCode(problem.code)) return texts[language][problem.code];
  const { title } = texts[language].unknown;
  return { title, sentence: problem.message, next: problem.hint };
}
