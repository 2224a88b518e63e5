/** Compares an interface with its wanted state, and lists the repairs. */
import { containsAddress, parseCidr } from "../../../shared/frame/cidr.ts";
import type { IpRoute, LinkState } from "../system/state.ts";
import { addressCommand } from "../tap/link.ts";
import { formatNetwork } from "../trust/address.ts";

/** The wanted state of an interface. */
export interface InterfaceWanted {
  readonly name: string;
  /** Bytes of a packet inside a frame. */
  readonly mtu: number;
  /** Frames that the kernel queues for this process. */
  readonly txqueuelen: number;
  /** CIDRs, including the IPv6 link-local one if the interface has had one. */
  readonly addresses: readonly string[];
}

/** Each kind has its own repair limit; see {@link InterfaceKeeper}. */
export type DifferenceKind =
  | "gone"
  | "name"
  | "state"
  | "carrier"
  | "mtu"
  | "queue"
  | "arp"
  | "multicast"
  | "address"
  | "address6"
  | "route"
  | "route6";

/** One difference from the wanted state. */
export interface Difference {
  readonly kind: DifferenceKind;
  /** What happened, as a clause after the interface's name: `was taken down`. */
  readonly what: string;
  /** Arguments of the `ip` commands that repair it, in order. */
  readonly repair: readonly (readonly string[])[];
}

/**
 * Compares an interface with its wanted state. Ignores its MAC address, which is followed, and what others added to it.
 *
 * @param routes the interface's, of all tables and both versions
 */
export function differences(
  wanted: InterfaceWanted,
  link: LinkState,
  routes: readonly IpRoute[],
): Difference[] {
  const { name } = link;
  if (name !== wanted.name) {
    const rename = ["link", "set", "dev", name, "name", wanted.name];
    // All other settings are read by the interface's name.
    return [{ kind: "name", what: `was renamed to ${name}`, repair: [rename] }];
  }
  const found: Difference[] = [];
  const isUp = link.flags.has("UP");
  const set = (kind: DifferenceKind, what: string, ...args: string[]) =>
    found.push({ kind, what, repair: [["link", "set", "dev", name, ...args]] });
  if (link.mtu !== wanted.mtu) set("mtu", `had its MTU set to ${link.mtu}`, "mtu", String(wanted.mtu));
  if (link.txqueuelen !== wanted.txqueuelen) {
    set("queue", `had its queue set to ${link.txqueuelen}`, "txqueuelen", String(wanted.txqueuelen));
  }
  if (link.flags.has("NOARP")) set("arp", "had ARP switched off", "arp", "on");
  if (!link.flags.has("MULTICAST")) set("multicast", "had multicast switched off", "multicast", "on");
  if (!isUp) set("state", "was taken down", "up");
  else if (link.flags.has("NO-CARRIER")) set("carrier", "had its carrier switched off", "carrier", "on");
  // IPv6 needs an MTU of 1280, and while the link is down it has none of its addresses.
  const hasIpv6 = isUp && link.mtu >= 1_280;
  for (const cidr of wanted.addresses) {
    if (cidr.includes(":") && !hasIpv6) continue;
    const lost = judgeAddress(cidr, link);
    // Setting an address also sets its routes, and bringing the link up sets the routes of all addresses.
    found.push(...(lost.length > 0 || !isUp ? lost : judgeRoutes(cidr, name, routes)));
  }
  return found;
}

function judgeAddress(cidr: string, { name, addresses }: LinkState): Difference[] {
  const has = addresses.find((one) => one.cidr === cidr);
  const kind = cidr.includes(":") ? "address6" : "address";
  const repair = [addressCommand(cidr, name)];
  if (has === undefined) return [{ kind, what: `lost its address ${cidr}`, repair }];
  if (has.permanent || has.scope === "link") return [];
  return [{ kind, what: `had the lifetime of its address ${cidr} limited`, repair }];
}

/** Checks the two routes that an address brings: to its network, and to itself. */
function judgeRoutes(cidr: string, name: string, routes: readonly IpRoute[]): Difference[] {
  const parsed = parseCidr(cidr);
  if (parsed === undefined) return [];
  const [address = ""] = cidr.split("/");
  const is6 = parsed.version === 6;
  const kind = is6 ? "route6" : "route";
  const version = is6 ? "-6" : "-4";
  const found: Difference[] = [];
  const network = formatNetwork(parsed);
  const isHost = parsed.prefix === (is6 ? 128 : 32);
  const isThere = (type: string, to: string) =>
    routes.some((route) => route.type === type && sameNetwork(route.to, to));
  if (!isHost && !isThere("unicast", network)) {
    const how = is6 ? ["metric", "256"] : ["scope", "link", "src", address];
    const repair = [version, "route", "replace", network, "dev", name, "proto", "kernel", ...how];
    found.push({ kind, what: `lost its route to ${network}`, repair: [repair] });
  }
  // The kernel sets a link-local address's own route only after duplicate address detection (RFC 4862 section 5.4).
  if (!/^fe[89ab]/.test(address) && !isThere("local", address)) {
    const own = is6 ? ["metric", "0"] : ["scope", "host", "src", address];
    const target = ["local", address, "dev", name, "table", "local", "proto", "kernel", ...own];
    const repair = [version, "route", "replace", ...target];
    found.push({ kind, what: `lost its route to its own ${address}`, repair: [repair] });
  }
  return found;
}

/** Returns whether two texts denote one network: `10.0.0.7` and `10.0.0.7/32`. */
function sameNetwork(one: string, other: string): boolean {
  if (one === other) return true;
  const [a, b] = [one, other].map((text) =>
    parseCidr(text.includes("/") ? text : `${text}/${text.includes(":") ? 128 : 32}`),
  );
  return (
    a !== undefined &&
    b !== undefined &&
    a.version === b.version &&
    a.prefix === b.prefix &&
    containsAddress(a, b.address)
  );
}
