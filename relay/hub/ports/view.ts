/** A port as the API shows it: its configuration and its state. */
import { z } from "zod";
import { portShapes } from "./config.ts";

const count = z.int();
const counts = z.record(z.string(), count);

const live = {
  id: z.string(),
  network: z.string(),
  tenant: z.string(),
  state: z.enum(["starting", "up", "failed", "gone", "cut"]).meta({
    description: "`failed` ones are tried again; `cut` off, as it closes a loop.",
  }),
  problem: z.string().nullable().meta({ description: "Why it failed." }),
  frame_bytes: count.nullable().meta({ description: "Bytes of a frame, or of a packet, that fits." }),
  rx_frames: count,
  rx_bytes: count,
  tx_frames: count,
  tx_bytes: count,
  drops: counts.meta({ description: "How many frames were dropped, by reason." }),
  socket_drops: counts.meta({
    description: "The same of packets that are for none of the ports that share its socket.",
  }),
  vteps: z
    .array(z.object({ mac: z.string(), remote: z.string() }))
    .meta({ description: "What it learnt: which machine is behind which remote." }),
};

/** The schema of the API's answer. */
export const portView = z
  .discriminatedUnion("kind", [
    portShapes.vxlan.extend({ ...live, wire_vni: z.int() }),
    portShapes.gre.extend(live),
    portShapes.nvgre.extend(live),
  ])
  .meta({ id: "Port", description: "A network's tunnel to other VTEPs, with its counters." });

export type PortView = z.input<typeof portView>;
