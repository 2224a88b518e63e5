import { Option } from "commander";

/** Who does the framing once a WebSocket is open: this project, or the package `ws`. */
export const FRAMINGS = ["own", "ws"] as const;

export type Framing = (typeof FRAMINGS)[number];

/** The option that says so, the same at either end. */
export function framingOption(): Option {
  return new Option(
    "--websocket <framing>",
    "who frames WebSocket messages: Laneway itself, or the package ws",
  )
    .choices(FRAMINGS)
    .env("LANEWAY_WEBSOCKET");
}
