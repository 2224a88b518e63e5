import { effect, signal } from "@preact/signals";

/** @typedef {"en" | "zh"} Language */
/** @typedef {"light" | "dark"} Theme */

const dark = matchMedia("(prefers-color-scheme: dark)");

/** @type {import("@preact/signals").Signal<Language>} */
export const language = signal(initialLanguage());

/** The theme that was chosen; undefined for the system's. */
const chosenTheme = signal(themeOf(stored("theme")));
const systemTheme = signal(systemsTheme());
dark.addEventListener("change", () => {
  systemTheme.value = systemsTheme();
});

/** What the page looks like now. */
export function theme() {
  return chosenTheme.value ?? systemTheme.value;
}

/** Changes between light and dark. */
export function toggleTheme() {
  const next = theme() === "dark" ? "light" : "dark";
  // What the system has anyhow is followed again from now on.
  chosenTheme.value = next === systemTheme.value ? undefined : next;
  store("theme", chosenTheme.value);
}

/** @param {Language} to */
export function chooseLanguage(to) {
  language.value = to;
  store("language", to);
}

/** The tag of the language, for the document and for Intl. */
export function languageTag() {
  if (language.value === "zh") return "zh-Hans";
  // Dates and numbers as the reader's own English has them.
  return navigator.languages.find((tag) => tag.startsWith("en")) ?? "en";
}

effect(() => {
  document.documentElement.lang = language.value === "zh" ? "zh-Hans" : "en";
});
effect(() => {
  const { dataset } = document.documentElement;
  if (chosenTheme.value === undefined) delete dataset["theme"];
  else dataset["theme"] = chosenTheme.value;
});

/** @returns {Language} */
function initialLanguage() {
  const chosen = stored("language");
  if (chosen === "en" || chosen === "zh") return chosen;
  const known = navigator.languages.find((tag) => /^(?:en|zh)\b/i.test(tag));
  return known?.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** @returns {Theme} */
function systemsTheme() {
  return dark.matches ? "dark" : "light";
}

/**
 * @param {string | null} text
 * @returns {Theme | undefined}
 */
function themeOf(text) {
  return text === "light" || text === "dark" ? text : undefined;
}

/** @param {string} name */
function stored(name) {
  try {
    return localStorage.getItem(`laneway.${name}`);
  } catch {
    return null;
  }
}

/**
 * @param {string} name
 * @param {string | undefined} value
 */
function store(name, value) {
  try {
    if (value === undefined) localStorage.removeItem(`laneway.${name}`);
    else localStorage.setItem(`laneway.${name}`, value);
  } catch {
    // Storage is off: it is forgotten with the page.
  }
}
