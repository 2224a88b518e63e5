/** The tray: how it stands at a glance, and a way to the window that is never the only one. */
import type { MenuItemConstructorOptions, NativeImage, Tray } from "electron";
import { plainText } from "../../shared/values/plain-text.ts";
import type { AgentLink } from "../rpc/bridge.ts";
import type { NetworkStatus } from "../rpc/shapes.ts";
import type { Words } from "./words.ts";

/** How it stands with all networks together, which the icon shows. */
export type Overall = "off" | "on" | "trouble";

export interface TrayState {
  readonly agent: AgentLink["state"];
  readonly networks: readonly NetworkStatus[];
}

export interface TrayActions {
  /** Shows the window, at a network where one is named. */
  readonly open: (network?: string) => void;
  readonly settings: () => void;
  readonly quit: () => void;
}

/** Trouble is what is wanted and is not there. */
export function overall({ agent, networks }: TrayState): Overall {
  const wanted = networks.filter((network) => network.wanted);
  if (agent !== "connected") return agent === "connecting" ? "off" : "trouble";
  if (wanted.some(({ state }) => state === "failed" || state === "reconnecting")) return "trouble";
  return wanted.some(({ state }) => state === "up") ? "on" : "off";
}

/** Characters of a line. */
const LONGEST = 128;
/** Further networks are in the window. */
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

/** Keeps the tray as things stand. */
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

  /** Shows this state; what is shown already is left alone, since a menu that is open would close. */
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

  /** Takes it away, so that none is left after the app. */
  destroy(): void {
    this.#gone = true;
    this.#tray.destroy();
  }
}
