import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { AppSettings } from "../../rpc/bridge.ts";

/** The theme on the screen: the setting, or the system's, which may change. */
export function shownTheme(
  setting: () => AppSettings["theme"],
  prefersDark: MediaQueryList,
): ReadonlySignal<"light" | "dark"> {
  const system = signal(prefersDark.matches);
  prefersDark.addEventListener("change", ({ matches }) => {
    system.value = matches;
  });
  return computed(() => {
    const theme = setting();
    if (theme !== "system") return theme;
    return system.value ? "dark" : "light";
  });
}
