import { z } from "zod";
import type { FrameType } from "./guards/ethertype-filter.ts";

/** Packets per second; 0 is no limit. */
const rate = z.number().int().min(0).max(10_000_000);

/** `auto`: on as soon as somebody has the role, or the relay itself gives the addresses. */
const guard = z.enum(["auto", "on", "off"]);

const etherTypes = z.string().refine((text) => parseEtherTypes(text) !== undefined, {
  error: (issue) =>
    `'${issue.input}' is not 'all', 'allow:TYPE,…' or 'deny:TYPE,…' with types like 0x88cc, or llc`,
});

/**
 * How the hub treats a network's frames. Names and defaults are docs/networks.md's; each default is what harms nobody
 * who did not ask for it, and keeps one machine gone wild from harming the others.
 */
export const networkSettings = z.strictObject({
  /** Seconds of silence after which a learned address is forgotten. */
  ageing: z.number().int().min(10).max(86_400),
  /** Learned and registered addresses of the whole network. */
  mac_limit: z.number().int().min(1).max(1_000_000),
  /** Unicast to addresses not known. */
  unknown_unicast: z.enum(["flood", "drop"]),
  /** IGMP and MLD snooping (RFC 4541). */
  snooping: z.boolean(),
  /** Groups that nobody has joined. */
  unregistered_multicast: z.enum(["flood", "drop"]),
  /** ARP and ND suppression (RFC 9161). */
  suppression: z.boolean(),
  /** A port may use the addresses alone that it has registered. */
  source_binding: z.boolean(),
  dhcp_guard: guard,
  ra_guard: guard,
  /** What one port may send per second. Far above what machines in order say, far below what a loop does. */
  storm_broadcast: rate,
  storm_multicast: rate,
  storm_unknown: rate,
  ethertypes: etherTypes,
  loop_detection: z.boolean(),
  /** 802.1Q tags inside: passed as they are, or taken off. */
  vlan: z.enum(["pass", "strip"]),
});

export type NetworkSettings = z.infer<typeof networkSettings>;

/** Some of them, to be changed. */
export const settingsChange = networkSettings.partial();

export type SettingsChange = z.infer<typeof settingsChange>;

/** The settings with those changed that `change` names. */
export function changedSettings(settings: NetworkSettings, change: SettingsChange): NetworkSettings {
  const named = Object.entries(change).filter(([, value]) => value !== undefined);
  return { ...settings, ...Object.fromEntries(named) };
}

export const DEFAULT_SETTINGS: NetworkSettings = {
  ageing: 300,
  mac_limit: 16_384,
  unknown_unicast: "flood",
  snooping: true,
  unregistered_multicast: "flood",
  suppression: true,
  source_binding: false,
  dhcp_guard: "auto",
  ra_guard: "auto",
  storm_broadcast: 10_000,
  storm_multicast: 50_000,
  storm_unknown: 10_000,
  ethertypes: "all",
  loop_detection: true,
  vlan: "pass",
};

/** `all`, `allow:0x0800,0x0806` or `deny:0x88cc,llc`; undefined for anything else. */
export function parseEtherTypes(
  text: string,
): { readonly mode: "allow" | "deny" | "all"; readonly types: readonly FrameType[] } | undefined {
  if (text === "all") return { mode: "all", types: [] };
  const match = /^(allow|deny):(.+)$/.exec(text);
  const [, mode, list] = match ?? [];
  if ((mode !== "allow" && mode !== "deny") || list === undefined) return undefined;
  const types: FrameType[] = [];
  for (const item of list.split(",")) {
    if (item === "llc") types.push("llc");
    else if (/^0x[0-9a-fA-F]{4}$/.test(item) && Number(item) >= 0x0600) types.push(Number(item));
    else return undefined;
  }
  return { mode, types };
}
