/** The tray: the state at a glance, and one of several ways to the window. */
import type { MenuItemConstructorOptions, NativeImage, Tray } from "electron";
import { plainText } from "../../shared/values/plain-text.ts";
import type { AgentLink } from "../rpc/bridge.ts";
import type { NetworkStatus } from "../rpc/shapes.ts";
import type { Words } from "./words.ts";

/** The state of all networks together, shown by the icon. */
export type Overall = "off" | "on" | "trouble";

export interface TrayState {
  readonly agent: AgentLink["state"];
  readonly networks: readonly NetworkStatus[];
}

export interface TrayActions {
  /** Shows the window, at a network if given. */
  readonly open: (network?: string) => void;
  readonly settings: () => void;
  readonly quit: () => void;
}

/** Trouble means that a wanted network is not up. */
export function overall({ agent, networks }: TrayState): Overall {
  const wanted = networks.filter((network) => network.wanted);
  if (agent !== "connected") return agent === "connecting" ? "off" : "trouble";
  if (wanted.some(({ state }) => state === "failed" || state === "reconnecting")) return "trouble";
  return wanted.some(({ state }) => state === "up") ? "on" : "off";
}

/** Maximum characters of a line. */
const LONGEST = 128;
/** Maximum networks in the menu; the window shows the others. */
const LINES = 12;

export function trayMenu(state: TrayState, words: Words, actions: TrayActions): MenuItemConstructorOptions[] {
  return [
    { label: words.open, click: () => actions.open() },
    { type: "separator" },
    ...stateLines(state, words, actions),
    { type: "separator" },
    { label: words.settings, click: () => actions.settings() },
    { label: words.quit, click: () => actions.quit() },
  ];
}

function stateLines(
  { agent, networks }: TrayState,
  words: Words,
  actions: TrayActions,
): MenuItemConstructorOptions[] {
  if (agent !== "connected") return [{ label: words.agentAway, enabled: false }];
  if (networks.length === 0) return [{ label: words.noNetworks, enabled: false }];
  return networks.slice(0, LINES).map(({ id, network, state, members }) => ({
    label: plainText(words.networkLine(network, words.states[state], members), LONGEST),
    click: () => actions.open(id),
  }));
}

export interface TrayIconOptions {
  readonly make: (image: NativeImage) => Tray;
  readonly image: (overall: Overall) => NativeImage;
  readonly menu: (items: MenuItemConstructorOptions[]) => Electron.Menu;
  readonly words: () => Words;
  readonly actions: TrayActions;
}

/** Keeps the tray up to date. */
export class TrayIcon {
  readonly #options: TrayIconOptions;
  readonly #tray: Tray;
  #shown = "";
  #gone = false;

  constructor(options: TrayIconOptions) {
    this.#options = options;
    this.#tray = options.make(options.image("off"));
    this.#tray.on("click", () => options.actions.open());
  }

  /** Shows this state; leaves an unchanged one alone, because an open menu would close. */
  show(state: TrayState): void {
    const words = this.#options.words();
    const items = trayMenu(state, words, this.#options.actions);
    const tip = ["Laneway", ...stateLines(state, words, this.#options.actions).map(({ label }) => label)];
    const shown = JSON.stringify([items, overall(state)]);
    if (this.#gone || shown === this.#shown) return;
    this.#shown = shown;
    this.#tray.setImage(this.#options.image(overall(state)));
    this.#tray.setToolTip(tip.slice(0, 6).join("\n"));
    this.#tray.setContextMenu(this.#options.menu(items));
  }

  /** Removes the icon, so that none remains after the app. */
  destroy(): void {
    this.#gone = true;
    this.#tray.destroy();
  }
}
