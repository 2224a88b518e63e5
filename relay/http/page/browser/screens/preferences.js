/** @import { Language } from "../state/preferences.js" */
import { h } from "preact";
import { chooseLanguage, language, theme, toggleTheme } from "../state/preferences.js";
import { t } from "../text/text.js";
import { button, div, option, select } from "../ui/dom.js";
import { Icon } from "../ui/icon.js";

/** @type {readonly (readonly [Language, string])[]} */
const LANGUAGES = [
  ["en", "English"],
  ["zh", "简体中文"],
];

/** Language and theme. */
export function Preferences() {
  const text = t.value;
  const isDark = theme() === "dark";
  return div(
    { class: "preferences" },
    select(
      {
        "aria-label": text.language,
        onChange: (event) => chooseLanguage(event.currentTarget.value === "zh" ? "zh" : "en"),
      },
      LANGUAGES.map(([tag, name]) =>
        option(
          { key: tag, value: tag, lang: tag === "zh" ? "zh-Hans" : "en", selected: tag === language.value },
          name,
        ),
      ),
    ),
    button(
      {
        type: "button",
        class: "quiet",
        "aria-label": text.darkTheme,
        "aria-pressed": isDark,
        onClick: toggleTheme,
      },
      h(Icon, { name: isDark ? "sun" : "moon" }),
    ),
  );
}
