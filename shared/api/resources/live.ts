/** The live state of a network: groups, neighbours, counters, traces and captures. */
import { z } from "zod";
import { mac, portId, vni, wholeNumber } from "../fields.ts";

export const group = z
  .object({
    group: z.string(),
    vni,
    vlans: z.array(z.int()).meta({ description: "802.1Q tags, outermost first." }),
    ports: z.array(portId),
  })
  .meta({ id: "Group", description: "A multicast group and its ports; the first is the network's own." });
export type Group = z.infer<typeof group>;

export const neighbour = z
  .object({ address: z.string(), mac, vni, port: portId, kind: z.string(), age_seconds: z.int() })
  .meta({
    id: "Neighbour",
    description: "An address that the hub answers ARP or neighbour solicitations for.",
  });
export type Neighbour = z.infer<typeof neighbour>;

export const counter = z
  .object({
    port: portId,
    name: z.string().nullable().meta({ description: "The member's name." }),
    device: z.string().nullable().meta({ description: "The device's id, if the member is a device." }),
    vni,
    state: z
      .enum(["open", "cut"])
      .meta({ description: "`cut` if the port is blocked because it closes a loop." }),
    rx_frames: z.int(),
    rx_bytes: z.int(),
    tx_frames: z.int(),
    tx_bytes: z.int(),
    drops: z.record(z.string(), z.int()).meta({ description: "Number of dropped frames, by reason." }),
  })
  .meta({ id: "Counters", description: "The frames and bytes that a member's port received and sent." });
export type Counter = z.infer<typeof counter>;

export const traceQuery = z.object({
  from: z.string().optional().meta({ description: "A MAC or IP address, or a member's name." }),
  to: z.string().optional().meta({ description: "The same, or `broadcast`." }),
});
export type TraceQuery = z.input<typeof traceQuery>;

export const traceStep = z
  .object({ step: z.string(), result: z.string(), detail: z.string() })
  .meta({ id: "TraceStep" });
export type TraceStep = z.infer<typeof traceStep>;

export const captureQuery = z.strictObject({
  vtep: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .meta({ description: "Captures only frames that pass this VTEP's port." }),
  drops: z
    .enum(["true", "false"])
    .optional()
    .meta({ description: "Captures only dropped frames, with the reason." }),
  seconds: z
    .string()
    .regex(/^[1-9]\d{0,5}$/, "a whole number from 1 to 999999")
    .optional()
    .meta(wholeNumber("Duration in seconds; by default until the client disconnects.", 1, 999_999)),
});
export type CaptureQuery = z.input<typeof captureQuery>;
