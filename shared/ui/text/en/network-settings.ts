import type { NetworkSettings } from "../../../switch/settings.ts";

/** The settings of a network: what each is called, and what it does. */
export const networkSettings = {
  lead: "They take effect at once, also for those who are here.",
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
    mac_limit: ["MAC addresses", "In the forwarding table, of all members together."],
    unknown_unicast: ["Unknown unicast", "Frames to addresses that are not known."],
    snooping: ["IGMP and MLD snooping", "IP multicast goes to those who joined its group."],
    unregistered_multicast: ["Unregistered multicast", "Groups that nobody joined."],
    suppression: ["ARP and ND suppression", "The hub answers for machines that it knows."],
    source_binding: ["Source binding", "A member may use the addresses alone that it registered."],
    dhcp_guard: ["DHCP guard", "DHCP servers are heard from members with the role alone."],
    ra_guard: ["RA guard", "The same for router advertisements and redirects."],
    storm_broadcast: ["Broadcasts per second", "That one member may send; 0 is without a limit."],
    storm_multicast: ["Multicasts per second", "That one member may send; 0 is without a limit."],
    storm_unknown: ["Unknown unicasts per second", "That one member may send; 0 is without a limit."],
    ethertypes: ["EtherTypes", "all, allow:0x0800,… or deny:0x88cc,…"],
    loop_detection: ["Loop detection", "The newer of two bridged members is cut off."],
    vlan: ["802.1Q tags", "Of frames that come in."],
  } satisfies Record<keyof NetworkSettings, readonly [string, string]>,
};
