import type { Bridge } from "../rpc/bridge.ts";

declare global {
  interface Window {
    /** What the preload exposes. */
    readonly laneway: Bridge;
  }
}
