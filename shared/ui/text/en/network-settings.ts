import type { NetworkSettings } from "../../../switch/settings.ts";

/** The name and the effect of each setting of a network. */
export const networkSettings = {
  lead: "Changes take effect at once, also for connected members.",
  choices: {
    flood: "flood",
    drop: "drop",
    auto: "automatic",
    on: "on",
    off: "off",
    pass: "pass",
    strip: "strip",
  },
  names: {
    ageing: ["Ageing", "Seconds of silence after which a learned address is forgotten."],
    mac_limit: ["MAC addresses", "Limit of the forwarding table, for all members together."],
    unknown_unicast: ["Unknown unicast", "Frames to addresses that are not in the forwarding table."],
    snooping: ["IGMP and MLD snooping", "Sends IP multicast only to members of its group."],
    unregistered_multicast: ["Unregistered multicast", "Traffic to groups without members."],
    suppression: ["ARP and ND suppression", "The hub answers ARP and ND for machines that it knows."],
    source_binding: ["Source binding", "Members may use only addresses that they registered."],
    dhcp_guard: ["DHCP guard", "Only members with the role may act as DHCP servers."],
    ra_guard: ["RA guard", "Only members with the role may send router advertisements and redirects."],
    storm_broadcast: ["Broadcasts per second", "That one member may send; 0 is without a limit."],
    storm_multicast: ["Multicasts per second", "That one member may send; 0 is without a limit."],
    storm_unknown: ["Unknown unicasts per second", "That one member may send; 0 is without a limit."],
    ethertypes: ["EtherTypes", "all, allow:0x0800,… or deny:0x88cc,…"],
    loop_detection: ["Loop detection", "Cuts off the newer of two bridged members."],
    vlan: ["802.1Q tags", "What happens to the tags of incoming frames."],
  } satisfies Record<keyof NetworkSettings, readonly [string, string]>,
};
