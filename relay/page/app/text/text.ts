import { computed } from "@preact/signals";
import { Formats } from "../../../../shared/ui/formats.ts";
import { language, languageTag } from "../state/preferences.ts";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

const CATALOGUES = { en, zh };

/** Every word of the page, in the language that was chosen. */
export const t = computed(() => CATALOGUES[language.value]);

/** Numbers and times in that language. */
export const formats = computed(() => new Formats(languageTag()));
