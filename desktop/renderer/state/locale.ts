import { Formats } from "../../../shared/ui/formats.ts";
import type { Catalogue } from "../../../shared/ui/text/catalogue.ts";
import { windowWords as en } from "../../../shared/ui/text/en/window.ts";
import { windowWords as zhCN } from "../../../shared/ui/text/zh-cn/window.ts";
import type { Language } from "../../errors/text.ts";
import type { AppSettings } from "../../rpc/bridge.ts";

/** All words of the window. */
export type Messages = Catalogue<typeof en>;

/** Everything that depends on the language. */
export interface Locale {
  readonly language: Language;
  readonly t: Messages;
  readonly formats: Formats;
}

const locales: Readonly<Record<Language, Locale>> = {
  en: { language: "en", t: en, formats: new Formats("en") },
  "zh-CN": { language: "zh-CN", t: zhCN, formats: new Formats("zh-CN") },
};

/**
 * Returns the locale of a setting.
 *
 * @param system the desktop's language, BCP 47
 */
export function localeOf(language: AppSettings["language"], system: string): Locale {
  if (language !== "system") return locales[language];
  return locales[/^zh\b/i.test(system) ? "zh-CN" : "en"];
}
