import type { Problem } from "../rpc/shapes.ts";
import { type ErrorText, type ErrorTexts, isCode } from "./codes.ts";
import { en } from "./en.ts";
import { zhCN } from "./zh-cn.ts";

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
