import { computed } from "@preact/signals";
import { Formats } from "../../../../shared/ui/formats.ts";
import { pageWords as en } from "../../../../shared/ui/text/en/page.ts";
import { pageWords as zh } from "../../../../shared/ui/text/zh-cn/page.ts";
import { language, languageTag } from "./preferences.ts";

const CATALOGUES = { en, zh };

/** Every word of the page, in the language that was chosen. */
export const t = computed(() => CATALOGUES[language.value]);

/** Numbers and times in that language. */
export const formats = computed(() => new Formats(languageTag()));
