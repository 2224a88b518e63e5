import type { Port } from "./port.ts";

/** How a part of the hub sends frames of its own: queries, answers, probes. */
export interface HubSender {
  /** Sends a whole Ethernet frame, without FCS, out of one port. */
  toPort(port: Port, frame: Uint8Array): void;
  /** Sends it out of every port of the segment, but for `except`. */
  toAll(frame: Uint8Array, except?: Port): void;
}
