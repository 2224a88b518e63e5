import { type ReadonlySignal, signal } from "@preact/signals";

/** The screens that the side bar leads to. */
export const SCREENS = [
  "networks",
  "topology",
  "diagnostics",
  "capture",
  "logs",
  "administration",
  "settings",
] as const;
export type Screen = (typeof SCREENS)[number];

/** Where the window is: a screen, or within `networks` one of them, or joining another. */
export type Route =
  | { readonly screen: Exclude<Screen, "networks"> }
  | { readonly screen: "networks"; readonly network?: string; readonly joining?: boolean };

/** Which screen is shown. */
export class Router {
  readonly #route = signal<Route>({ screen: "networks" });
  #moved = false;

  /** Whether the user has gone anywhere since the window opened. */
  get moved(): boolean {
    return this.#moved;
  }

  get route(): ReadonlySignal<Route> {
    return this.#route;
  }

  go(route: Route): void {
    this.#moved = true;
    this.#route.value = route;
  }
}
