import { Option } from "commander";

/** Implementations of framing for an open WebSocket: this project's own, or the package `ws`. */
export const FRAMINGS = ["own", "ws"] as const;

export type Framing = (typeof FRAMINGS)[number];

/** Returns the option that selects the framing, the same for both ends. */
export function framingOption(): Option {
  return new Option(
    "--websocket <framing>",
    "who frames WebSocket messages: Laneway itself, or the package ws",
  )
    .choices(FRAMINGS)
    .env("LANEWAY_WEBSOCKET");
}
