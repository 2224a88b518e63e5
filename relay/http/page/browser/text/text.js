import { computed } from "@preact/signals";
import { language } from "../state/preferences.js";
import { en } from "./en.js";
import { zh } from "./zh.js";

const CATALOGUES = { en, zh };

/** Every word of the page, in the language that was chosen. */
export const t = computed(() => CATALOGUES[language.value]);
