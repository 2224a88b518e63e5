import { Icon } from "../../../../../shared/ui/icon.tsx";
import { chooseLanguage, type Language, language, theme, toggleTheme } from "../../state/preferences.ts";
import { t } from "../../state/text.ts";

const LANGUAGES: readonly (readonly [Language, string])[] = [
  ["en", "English"],
  ["zh", "简体中文"],
];

/** Controls for language and theme. */
export function Preferences() {
  const text = t.value;
  const isDark = theme() === "dark";
  return (
    <div class="preferences">
      <select
        class="input"
        aria-label={text.language}
        onChange={(event) => chooseLanguage(event.currentTarget.value === "zh" ? "zh" : "en")}
      >
        {LANGUAGES.map(([tag, name]) => (
          <option
            key={tag}
            value={tag}
            lang={tag === "zh" ? "zh-Hans" : "en"}
            selected={tag === language.value}
          >
            {name}
          </option>
        ))}
      </select>
      <button
        type="button"
        class="icon-button"
        aria-label={text.darkTheme}
        aria-pressed={isDark}
        onClick={toggleTheme}
      >
        <Icon name={isDark ? "sun" : "moon"} />
      </button>
    </div>
  );
}
