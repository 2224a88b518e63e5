import { effect, signal } from "@preact/signals";

export type Language = "en" | "zh";
export type Theme = "light" | "dark";

const dark = matchMedia("(prefers-color-scheme: dark)");

export const language = signal<Language>(initialLanguage());

/** The chosen theme; undefined for the system's. */
const chosenTheme = signal(themeOf(stored("theme")));
const systemTheme = signal(systemsTheme());
dark.addEventListener("change", () => {
  systemTheme.value = systemsTheme();
});

/** Returns the theme in effect. */
export function theme() {
  return chosenTheme.value ?? systemTheme.value;
}

/** Switches between light and dark. */
export function toggleTheme() {
  const next = theme() === "dark" ? "light" : "dark";
  // Follows the system again if the choice equals its theme.
  chosenTheme.value = next === systemTheme.value ? undefined : next;
  store("theme", chosenTheme.value);
}

export function chooseLanguage(to: Language) {
  language.value = to;
  store("language", to);
}

/** Returns the language's tag, for the document and for Intl. */
export function languageTag() {
  if (language.value === "zh") return "zh-Hans";
  // Formats dates and numbers for the reader's own variety of English.
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

function initialLanguage(): Language {
  const chosen = stored("language");
  if (chosen === "en" || chosen === "zh") return chosen;
  const known = navigator.languages.find((tag) => /^(?:en|zh)\b/i.test(tag));
  return known?.toLowerCase().startsWith("zh") ? "zh" : "en";
}

function systemsTheme(): Theme {
  return dark.matches ? "dark" : "light";
}

function themeOf(text: string | null): Theme | undefined {
  return text === "light" || text === "dark" ? text : undefined;
}

function stored(name: string) {
  try {
    return localStorage.getItem(`laneway.${name}`);
  } catch {
    return null;
  }
}

function store(name: string, value: string | undefined) {
  try {
    if (value === undefined) localStorage.removeItem(`laneway.${name}`);
    else localStorage.setItem(`laneway.${name}`, value);
  } catch {
    // Storage is disabled, so the preference is lost with the page.
  }
}
