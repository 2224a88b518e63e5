import { computed } from "@preact/signals";
import { Formats } from "../../../../shared/ui/formats.ts";
import { pageWords as en } from "../../../../shared/ui/text/en/page.ts";
import { pageWords as zh } from "../../../../shared/ui/text/zh-cn/page.ts";
import { language, languageTag } from "./preferences.ts";

const CATALOGUES = { en, zh };

/** The words of the page in the chosen language. */
export const t = computed(() => CATALOGUES[language.value]);

/** The formats of numbers and times in that language. */
export const formats = computed(() => new Formats(languageTag()));
