/** A network's ports on the underlay. */
import { z } from "zod";
import { parseAddress } from "../../frame/address.ts";
import { parseCidr } from "../../frame/cidr.ts";
import { MAX_VSID, MIN_VSID } from "../../frame/encapsulation/nvgre.ts";
import { MAX_VNI } from "../../frame/encapsulation/vxlan.ts";
import { isMulticast, parseHostPort } from "../../frame/host-port.ts";
import { PORT_ROLES } from "../../switch/port.ts";

/** Static remotes of one port. */
export const MAX_REMOTES = 64;
/** Networks at the other end of a routed port. */
const MAX_ROUTES = 64;

const hostPort = z.string().refine((text) => parseHostPort(text) !== undefined, {
  error: (issue) => `'${issue.input}' is not an IP address, with a UDP port or without, like 192.0.2.1:4789`,
});

const group = z.string().refine(isGroupAddress, {
  error: (issue) => `'${issue.input}' is not a multicast address like 239.1.1.101`,
});

const cidr = z.string().refine((text) => parseCidr(text) !== undefined, {
  error: (issue) => `'${issue.input}' is not a CIDR like 10.20.0.1/24`,
});

const common = {
  /** The address to receive at: of this machine, or 0.0.0.0 or [::] for all, which is the default. */
  listen: hostPort.optional(),
  remotes: z.array(hostPort).max(MAX_REMOTES).default([]),
  /** The underlay's MTU, if the system reports it wrong. */
  mtu: z.number().int().min(256).max(65_535).optional(),
  /** Whether to clamp the MSS of TCP to what fits the tunnel. */
  clamp_mss: z.boolean().default(false),
  roles: z.array(z.enum(PORT_ROLES)).default([]),
};

/** Whether to flood BUM frames to learnt remotes too: for an underlay on which outer sources cannot be forged. */
const floodLearnt = z.boolean().default(false);

const vxlan = z.strictObject({
  kind: z.literal("vxlan"),
  ...common,
  group: group.optional(),
  /** The interface to join the group on. */
  interface: z.string().min(1).max(15).optional(),
  /** The VNI on the wire; by default the network's own. */
  wire_vni: z.number().int().min(1).max(MAX_VNI).optional(),
  /** Whether to accept and learn unlisted outer sources; by default only if there is a group. */
  unknown_remotes: z.boolean().optional(),
  flood_learnt: floodLearnt,
  gbp: z.boolean().default(false),
  gpe: z.boolean().default(false),
});

const gre = z.strictObject({
  kind: z.literal("gre"),
  ...common,
  mode: z.enum(["bridged", "routed"]).default("bridged"),
  /** Directly over IP (protocol 47) or in UDP (RFC 8086); by default UDP if a UDP port is named. */
  over: z.enum(["ip", "udp"]).optional(),
  key: z.number().int().min(0).max(0xffff_ffff).optional(),
  checksum: z.boolean().default(false),
  sequence: z.boolean().default(false),
  /** Routed mode: the hub's addresses on the network, at most one of each IP version. */
  gateways: z.array(cidr).max(2).default([]),
  /** Routed mode: the networks at the other end. */
  routes: z.array(cidr).max(MAX_ROUTES).default([]),
});

const nvgre = z.strictObject({
  kind: z.literal("nvgre"),
  ...common,
  over: z.enum(["ip", "udp"]).optional(),
  vsid: z.number().int().min(MIN_VSID).max(MAX_VSID),
  unknown_remotes: z.boolean().default(false),
  flood_learnt: floodLearnt,
});

/** The request for a new port. The relay also rejects contradictory fields (relay/hub/ports/config.ts). */
export const newPort = z
  .discriminatedUnion("kind", [vxlan, gre, nvgre], { error: "a port's kind is vxlan, gre or nvgre" })
  .meta({ id: "NewPort" });
export type NewPort = z.input<typeof newPort>;

const count = z.int();
const counts = z.record(z.string(), count);

const live = {
  id: z.string(),
  network: z.string(),
  tenant: z.string(),
  state: z.enum(["starting", "up", "failed", "gone", "cut"]).meta({
    description: "`failed`: the relay tries again. `cut`: blocked because the port closes a loop.",
  }),
  problem: z.string().nullable().meta({ description: "The reason of the failure." }),
  frame_bytes: count.nullable().meta({ description: "Maximum size of a frame or packet, in bytes." }),
  rx_frames: count,
  rx_bytes: count,
  tx_frames: count,
  tx_bytes: count,
  drops: counts.meta({ description: "Number of dropped frames, by reason." }),
  socket_drops: counts.meta({
    description: "Number of packets for none of the ports that share its socket, by reason.",
  }),
  vteps: z
    .array(z.object({ mac: z.string(), remote: z.string() }))
    .meta({ description: "The MAC addresses that it learnt, each with its remote." }),
};

export const portView = z
  .discriminatedUnion("kind", [
    vxlan.extend({ ...live, wire_vni: z.int() }),
    gre.extend(live),
    nvgre.extend(live),
  ])
  .meta({ id: "Port", description: "A network's tunnel to other VTEPs, with its counters." });
export type PortView = z.infer<typeof portView>;

/** Returns whether the text is the address of a multicast group. */
export function isGroupAddress(text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && isMulticast(address);
}
