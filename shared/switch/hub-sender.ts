import type { Port } from "./port.ts";

/** Sends the hub's own frames: queries, answers, probes. */
export interface HubSender {
  /** Sends a whole Ethernet frame, without FCS, out of one port. */
  toPort(port: Port, frame: Uint8Array): void;
  /** Sends a frame out of every port of the segment except `except`. */
  toAll(frame: Uint8Array, except?: Port): void;
}
