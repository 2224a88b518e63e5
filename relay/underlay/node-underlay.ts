import { openNodeUdp } from "./node-udp.ts";
import { openRawGre } from "./raw-gre.ts";
import type { Underlay } from "./underlay.ts";

/** This machine's network, under Node, and under Deno to the extent that it has node:dgram. */
export const nodeUnderlay: Underlay = {
  openUdp: openNodeUdp,
  openGre: openRawGre,
};
