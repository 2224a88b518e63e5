import { type ReadonlySignal, signal } from "@preact/signals";

/** The screens in the side bar. */
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

/** The window's place: a screen, one network within `networks`, or joining another. */
export type Route =
  | { readonly screen: Exclude<Screen, "networks"> }
  | { readonly screen: "networks"; readonly network?: string; readonly joining?: boolean };

/** The current route of the window. */
export class Router {
  readonly #route = signal<Route>({ screen: "networks" });
  #moved = false;

  /** Whether the user has navigated since the window opened. */
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
