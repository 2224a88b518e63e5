/** The configuration of a tunnel port, in the form that the API accepts, the store keeps and the port uses. */
import type { z } from "zod";
import { isGroupAddress, newPort } from "../../../shared/api/resources/port.ts";
import {
  type Cidr,
  containsAddress,
  formatCidr,
  lastAddressOf,
  networkOf,
  parseCidr,
} from "../../../shared/frame/cidr.ts";
import { isIpv6, parseHostPort } from "../../../shared/frame/host-port.ts";
import { isRoutable } from "../router/routed-packet.ts";

/** A requested port. The schema refuses contradictions; a missing feature of the machine shows when the port starts. */
export const portConfig = newPort.superRefine((config, context) => {
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
      refuse("remotes", "a port needs a group or remotes, unless it learns them (unknown_remotes)");
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
    refuse("remotes", "a port needs remotes, unless it learns them (unknown_remotes)");
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
