import { formatAddress, parseAddress } from "../../shared/frame/address.ts";
import { BROADCAST_MAC, formatMac, isGroup, parseMac } from "../../shared/frame/mac.ts";
import type { Port } from "../../shared/switch/port.ts";
import { Fault, usage } from "../../shared/values/fault.ts";
import type { Network } from "../model/model.ts";
import type { NetworkHub } from "./network-hub.ts";

/** One step of the decision about a frame, in order. */
export interface TraceStep {
  /** `source`, `destination`, `neighbours`, `guards`, `outcome`. */
  readonly step: string;
  readonly result: string;
  readonly detail: string;
}

/**
 * Returns what the hub would do now with a frame from one machine to another, and why. Sends, learns and counts
 * nothing.
 *
 * @param from a MAC or IP address, or a member's name
 * @param to the same, or `broadcast`
 * @param now the segment's clock, in seconds
 * @throws Fault `trace.unknown` if it is none of these
 */
export function trace(
  live: NetworkHub | undefined,
  network: Network,
  from: string,
  to: string,
  now: number,
): TraceStep[] {
  if (live === undefined) {
    return [step("outcome", "dropped", `no device is connected to '${network.name}'`)];
  }
  const source = macOf(live, from, "from");
  const destination = to === "broadcast" ? BROADCAST_MAC : macOf(live, to, "to");
  const steps: TraceStep[] = [];
  const at = live.segment.table.find(source)?.port;
  if (isGroup(source) || source === 0) {
    return [step("source", "dropped", `${formatMac(source)} is not a unicast MAC address`)];
  }
  steps.push(
    at === undefined
      ? step(
          "source",
          "unknown",
          `${formatMac(source)} is not in the table; the hub learns it from its first frame`,
        )
      : step("source", "known", `${formatMac(source)} is ${where(live, source, now)}`),
  );
  if (at?.cut === true) {
    return [
      ...steps,
      step("outcome", "dropped", `${nameOf(live, at)} is blocked because it closes a loop (loop)`),
    ];
  }
  steps.push(...guards(live, network, at), ...neighbours(live, to, at, now));
  return [...steps, ...outcome(live, network, destination, at, now)];
}

function guards(live: NetworkHub, network: Network, at: Port | undefined): TraceStep[] {
  const { settings } = network;
  const found: string[] = [];
  for (const role of ["dhcp-server", "router"] as const) {
    if (live.policy.guards(role) && at?.roles.has(role) !== true) {
      const what = role === "router" ? "router advertisements" : "a DHCP server's messages";
      found.push(`the hub drops ${what} from this port (${role === "router" ? "ra-guard" : "dhcp-guard"})`);
    }
  }
  if (settings.source_binding)
    found.push("frames must have a source MAC that this port registered (source-binding)");
  if (settings.ethertypes !== "all") found.push(`EtherTypes: ${settings.ethertypes} (ethertype)`);
  if (settings.vlan === "strip") found.push("the hub removes 802.1Q tags");
  if (network.mode === "switch") found.push("the hub drops frames to 01:80:c2:00:00:0X (link-local)");
  return [
    step(
      "guards",
      found.length === 0 ? "none" : "apply",
      found.join("; ") || "the hub accepts every frame from this port",
    ),
  ];
}

function neighbours(live: NetworkHub, to: string, at: Port | undefined, now: number): TraceStep[] {
  const address = parseAddress(to);
  if (address === undefined || at === undefined) return [];
  const known = live.policy.suppressor?.find(address, at, now);
  const question = typeof address === "number" ? "ARP request" : "neighbour solicitation";
  return [
    known === undefined
      ? step(
          "neighbours",
          "passes",
          `the hub forwards a ${question} for ${formatAddress(address)} to all ports`,
        )
      : step(
          "neighbours",
          "answered",
          `the hub answers a ${question} for ${to} with ${formatMac(known.mac)}`,
        ),
  ];
}

function outcome(
  live: NetworkHub,
  network: Network,
  destination: number,
  at: Port | undefined,
  now: number,
): TraceStep[] {
  const others = [...live.segment.ports].filter((port) => port !== at && !port.cut);
  const all = `to ${others.length} ports: ${others.map((port) => nameOf(live, port)).join(", ")}`;
  const flooded =
    others.length === 0 ? step("outcome", "dropped", "there is no other port (no-receiver)") : undefined;
  if (destination === BROADCAST_MAC)
    return [flooded ?? step("outcome", "flooded", `a broadcast goes ${all}`)];
  if (isGroup(destination)) {
    const how = network.settings.snooping
      ? "to the ports that joined its IP group; see 'laneway groups'"
      : all;
    return [flooded ?? step("outcome", "multicast", `a multicast goes ${how}`)];
  }
  const to = live.segment.table.find(destination);
  if (to?.port === undefined) {
    const unknown = step("destination", "unknown", `${formatMac(destination)} is not in the table`);
    if (network.settings.unknown_unicast === "drop") {
      return [unknown, step("outcome", "dropped", "the network drops unknown unicast (unknown-unicast)")];
    }
    return [
      unknown,
      flooded ?? step("outcome", "flooded", `the hub does not know its port, so it goes ${all}`),
    ];
  }
  const known = step("destination", "known", `${formatMac(destination)} is ${where(live, destination, now)}`);
  if (to.port === at) {
    return [known, step("outcome", "dropped", "it is behind the port that sent the frame (same-port)")];
  }
  return [known, step("outcome", "forwarded", `only to ${nameOf(live, to.port)}`)];
}

function where(live: NetworkHub, mac: number, now: number): string {
  const entry = live.segment.table.find(mac);
  if (entry?.port === undefined) return "at no port";
  const frozen = entry.frozenUntil > now ? ", frozen because it moved too often (duplicate-mac)" : "";
  const seconds = Math.max(0, Math.floor(now - entry.seenAt));
  return `at ${nameOf(live, entry.port)} (${entry.kind}, last seen ${seconds} s ago${frozen})`;
}

function nameOf(live: NetworkHub, port: Port): string {
  const name = live.nameOf(port);
  return name === undefined ? port.id : `${name} (${port.id})`;
}

function macOf(live: NetworkHub, text: string, which: string): number {
  const mac = parseMac(text);
  if (mac !== undefined) return mac;
  const address = parseAddress(text);
  for (const entry of live.policy.suppressor?.entries() ?? []) {
    if (address !== undefined && entry.address === address) return entry.mac;
  }
  for (const { mac: known, port } of live.segment.table.entries()) {
    if (port !== undefined && live.nameOf(port) === text) return known;
  }
  if (text === "") throw usage("trace.unknown", `'${which}' is not named`, `Name it with --${which}.`);
  throw new Fault({
    code: "trace.unknown",
    message: `'${text}' is not a MAC address, nor an IP address or member that this network knows now`,
    hint: "'laneway fdb' and 'laneway neighbours' show what is known.",
  });
}

function step(name: string, result: string, detail: string): TraceStep {
  return { step: name, result, detail };
}
