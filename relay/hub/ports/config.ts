/** The configuration of a tunnel port, in the form that the API accepts, the store keeps and the port uses. */
import { z } from "zod";
import { parseAddress } from "../../../shared/frame/address.ts";
import {
  type Cidr,
  containsAddress,
  formatCidr,
  lastAddressOf,
  networkOf,
  parseCidr,
} from "../../../shared/frame/cidr.ts";
import { MAX_VSID, MIN_VSID } from "../../../shared/frame/encapsulation/nvgre.ts";
import { MAX_VNI } from "../../../shared/frame/encapsulation/vxlan.ts";
import { PORT_ROLES } from "../../../shared/switch/port.ts";
import { isRoutable } from "../router/routed-packet.ts";
import { isIpv6, isMulticast, parseHostPort } from "./host-port.ts";
import { PORT_LIMITS } from "./limits.ts";

const hostPort = z.string().refine((text) => parseHostPort(text) !== undefined, {
  error: (issue) => `'${issue.input}' is not an IP address, with a UDP port or without, like 192.0.2.1:4789`,
});

const group = z.string().refine((text) => isGroupAddress(text), {
  error: (issue) => `'${issue.input}' is not a multicast address like 239.1.1.101`,
});

const cidr = z.string().refine((text) => parseCidr(text) !== undefined, {
  error: (issue) => `'${issue.input}' is not a CIDR like 10.20.0.1/24`,
});

const common = {
  /** Local address: one of this machine, or 0.0.0.0 or [::] for all of them, which is the default. */
  listen: hostPort.optional(),
  remotes: z.array(hostPort).max(PORT_LIMITS.remotes).default([]),
  /** The underlay's MTU, if the system reports a wrong one. */
  mtu: z.number().int().min(256).max(65_535).optional(),
  /** Whether to rewrite TCP's MSS so that segments fit. */
  clamp_mss: z.boolean().default(false),
  roles: z.array(z.enum(PORT_ROLES)).default([]),
};

/** Whether learnt remotes also get BUM frames: for an underlay on which outer sources cannot be forged. */
const floodLearnt = z.boolean().default(false);

const vxlan = z.strictObject({
  kind: z.literal("vxlan"),
  ...common,
  group: group.optional(),
  /** Interface of the group. */
  interface: z.string().min(1).max(15).optional(),
  /** The network's own VNI by default. */
  wire_vni: z.number().int().min(1).max(MAX_VNI).optional(),
  /** Whether to accept and learn outer sources that are not configured: by default only with a group. */
  unknown_remotes: z.boolean().optional(),
  flood_learnt: floodLearnt,
  gbp: z.boolean().default(false),
  gpe: z.boolean().default(false),
});

const gre = z.strictObject({
  kind: z.literal("gre"),
  ...common,
  mode: z.enum(["bridged", "routed"]).default("bridged"),
  /** Directly over IP (protocol 47), or in UDP (RFC 8086): the default if a UDP port is given. */
  over: z.enum(["ip", "udp"]).optional(),
  key: z.number().int().min(0).max(0xffff_ffff).optional(),
  checksum: z.boolean().default(false),
  sequence: z.boolean().default(false),
  /** If routed: the hub's addresses on the network, at most one of each IP version. */
  gateways: z.array(cidr).max(2).default([]),
  /** If routed: the networks at the other end. */
  routes: z.array(cidr).max(PORT_LIMITS.routes).default([]),
});

const nvgre = z.strictObject({
  kind: z.literal("nvgre"),
  ...common,
  over: z.enum(["ip", "udp"]).optional(),
  vsid: z.number().int().min(MIN_VSID).max(MAX_VSID),
  unknown_remotes: z.boolean().default(false),
  flood_learnt: floodLearnt,
});

/** Each kind alone, without the checks for contradictions. */
export const portShapes = { vxlan, gre, nvgre };

/** A requested port. The schema refuses contradictions; a missing feature of the machine shows when the port starts. */
export const portConfig = z
  .discriminatedUnion("kind", [vxlan, gre, nvgre], { error: "a port's kind is vxlan, gre or nvgre" })
  .superRefine((config, context) => {
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: "custom", path: [path], message, input: undefined });
    const hosts = [config.listen, ...config.remotes].flatMap((text) => parseHostPort(text ?? "")?.host ?? []);
    const all = config.kind === "vxlan" && config.group !== undefined ? [...hosts, config.group] : hosts;
    if (new Set(all.map(isIpv6)).size > 1) refuse("remotes", "all addresses have to be of one IP version");
    if (hosts.some((host) => isGroupAddress(host)))
      refuse("remotes", "a multicast address is no remote: it is a group");
    if (config.kind === "vxlan") {
      if (config.group !== undefined && config.remotes.length > 0)
        refuse("group", "frames for all go to a group or to each remote: name one or the other");
      if (config.group === undefined && config.interface !== undefined)
        refuse("interface", "an interface is for a group, and none is named");
      if (config.group === undefined && config.remotes.length === 0 && config.unknown_remotes !== true)
        refuse("remotes", "a port without group and remotes, which may learn none, reaches nobody");
      if (config.group !== undefined && config.flood_learnt)
        refuse("flood_learnt", "frames for all go to the group, and to no remote besides");
      if (config.gbp && config.gpe) refuse("gbp", "GBP and GPE use the same bits: name one or the other");
    }
    if (config.kind === "gre") {
      if (config.remotes.length !== 1) refuse("remotes", "GRE goes to one remote: name exactly one");
      const problem = problemOfRoutes(config);
      if (problem !== undefined) refuse(problem.path, problem.message);
    }
    if (config.kind === "nvgre" && config.remotes.length === 0 && !config.unknown_remotes)
      refuse("remotes", "a port without remotes, which may learn none, reaches nobody");
    if (config.kind !== "gre" && config.flood_learnt && config.unknown_remotes !== true)
      refuse("flood_learnt", "no remotes are learnt: let it learn some with unknown_remotes");
    if (config.kind !== "vxlan" && config.over === "ip") {
      const named = [config.listen, ...config.remotes].find(
        (text) => parseHostPort(text ?? "")?.port !== undefined,
      );
      if (named !== undefined) refuse("over", `'${named}' names a UDP port, and GRE over IP has none`);
    }
  });

export type PortConfig = z.infer<typeof portConfig>;
export type VxlanConfig = Extract<PortConfig, { kind: "vxlan" }>;
export type GreConfig = Extract<PortConfig, { kind: "gre" }>;
export type NvgreConfig = Extract<PortConfig, { kind: "nvgre" }>;

function isGroupAddress(text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && isMulticast(address);
}

/** Returns the problem of a routed configuration, if it has one. */
function problemOfRoutes(config: GreConfig): { readonly path: string; readonly message: string } | undefined {
  const [gateways, routes] = [config.gateways, config.routes].map((texts) =>
    texts.flatMap((text) => parseCidr(text) ?? []),
  );
  if (gateways === undefined || routes === undefined) return undefined;
  if (config.mode !== "routed") {
    if (gateways.length === 0 && routes.length === 0) return undefined;
    return { path: "mode", message: "a gateway and routes are for the mode 'routed'" };
  }
  if (config.roles.length > 0)
    return { path: "roles", message: "a routed port brings no machines into the network" };
  if (gateways.length === 0) return { path: "gateways", message: "name the hub's address on the network" };
  if (routes.length === 0) return { path: "routes", message: "name what is at the other end" };
  const versions = new Set(gateways.map(({ version }) => version));
  if (versions.size < gateways.length) return { path: "gateways", message: "one of each IP version at most" };
  const odd = gateways.find((gateway) => !isMachines(gateway));
  if (odd !== undefined)
    return { path: "gateways", message: `'${formatCidr(odd)}' is not the address of a machine in a network` };
  const names = routes.map((route) => formatCidr(networkOf(route)));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return { path: "routes", message: `'${twice}' is named twice` };
  const stranger = routes.find(({ version }) => !versions.has(version));
  if (stranger !== undefined)
    return { path: "gateways", message: `'${formatCidr(stranger)}' has no gateway of its IP version` };
  const inside = routes.find((route) =>
    gateways.some((gateway) => gateway.prefix <= route.prefix && containsAddress(gateway, route.address)),
  );
  if (inside === undefined) return undefined;
  return { path: "routes", message: `'${formatCidr(inside)}' is in the network itself` };
}

/** Returns whether a network has more than one address, and this one is for a host. */
function isMachines(cidr: Cidr): boolean {
  if (!isRoutable(cidr.address) || cidr.prefix === 0) return false;
  if (cidr.version === 6) return cidr.prefix < 128;
  if (cidr.prefix > 30) return cidr.prefix === 31;
  return cidr.address !== networkOf(cidr).address && cidr.address !== lastAddressOf(cidr);
}
