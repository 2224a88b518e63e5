import { z } from "zod";
import type { FrameType } from "./guards/ethertype-filter.ts";

/** Packets per second; 0 is no limit. */
const rate = z.number().int().min(0).max(10_000_000);

/** `auto`: on as soon as a device has the role, or the relay itself assigns the addresses. */
const guard = z.enum(["auto", "on", "off"]);

const etherTypes = z.string().refine((text) => parseEtherTypes(text) !== undefined, {
  error: (issue) =>
    `'${issue.input}' is not 'all', 'allow:TYPE,…' or 'deny:TYPE,…' with types like 0x88cc, or llc`,
});

/**
 * The settings of how the hub treats a network's frames, with the names and defaults of docs/networks.md. The defaults
 * suit any network, and keep a misbehaving machine from harming the others.
 */
export const networkSettings = z.strictObject({
  /** Seconds of silence after which a learned address is forgotten. */
  ageing: z.number().int().min(10).max(86_400),
  /** Greatest number of learned and registered addresses in the network. */
  mac_limit: z.number().int().min(1).max(1_000_000),
  /** What to do with unicast to unknown addresses. */
  unknown_unicast: z.enum(["flood", "drop"]),
  /** IGMP and MLD snooping (RFC 4541). */
  snooping: z.boolean(),
  /** What to do with traffic to groups without members. */
  unregistered_multicast: z.enum(["flood", "drop"]),
  /** ARP and ND suppression (RFC 9161). */
  suppression: z.boolean(),
  /** Whether a port may use only the addresses that it has registered. */
  source_binding: z.boolean(),
  dhcp_guard: guard,
  ra_guard: guard,
  /** Packets per second that one port may send: far more than a machine in order, far fewer than a loop. */
  storm_broadcast: rate,
  storm_multicast: rate,
  storm_unknown: rate,
  ethertypes: etherTypes,
  loop_detection: z.boolean(),
  /** Whether 802.1Q tags pass or are removed. */
  vlan: z.enum(["pass", "strip"]),
});

export type NetworkSettings = z.infer<typeof networkSettings>;

/** A change of some settings. */
export const settingsChange = networkSettings.partial();

export type SettingsChange = z.infer<typeof settingsChange>;

/** Returns the settings with a change applied. */
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
