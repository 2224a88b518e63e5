import type { Bridge } from "../rpc/bridge.ts";

declare global {
  interface Window {
    /** The API that the preload exposes. */
    readonly laneway: Bridge;
  }
}
