import type { LimitName } from "../../../api/resources/limits.ts";
import { DROP_WORDS } from "../../../switch/drop-words.ts";
import { common } from "./common.ts";
import { networkSettings } from "./network-settings.ts";

/** The words of the operator's page in English. */
export const pageWords = {
  ...common,
  actions: "Actions",
  change: "Change",
  create: "Create",
  created: "Created",
  darkTheme: "Dark theme",
  done: "Done",
  expires: "Expires",
  expiresAfter: "Good for",
  id: "ID",
  language: "Language",
  name: "Name",
  nameHint: "Lower-case letters, digits and hyphens, 63 at most.",
  navigation: "Screens",
  ofNetwork: "Network",
  never: "never",
  none: "–",
  now: "now",
  offline: "offline",
  online: "online",

  optional: (label: string) => `${label} (optional)`,
  relayAdmin: "Relay administrator",
  remove: "Delete",
  revoke: "Revoke",
  save: "Save",
  saved: "Saved",
  showMore: "Show more",

  shownOf: (shown: string, all: string) => `${shown} of ${all} shown`,
  shownOnce: "Copy it now: it is shown this once, and the relay keeps no more than its hash.",
  signOut: "Sign out",
  skip: "Skip to the content",
  state: "State",
  tenant: "Tenant",

  tenantAdmin: (tenant: string) => `Administrator of ${tenant}`,

  typeName: (name: string) => `To go on, type ${name}`,

  signIn: {
    title: "Sign in",
    token: "Administrator's token",
    tokenHint: "The relay's, or a tenant's.",
    remember: "Keep me signed in in this tab",
    rememberHint: "Otherwise the token is forgotten when the page is reloaded.",
    submit: "Sign in",
    where: "The relay's token is in its data directory:",
  },

  /** What is said in place of the relay's words, by code: what went wrong, and what to do. */
  problems: {
    unreachable: ["The relay can't be reached.", "Check the connection. The page goes on trying by itself."],
    "admin.refused": ["This token is wrong, or was revoked.", "Sign in with another."],
    "store.full": [
      "No space is left on the relay's disk. Nothing was changed.",
      "Free space there, then try again. Frames go on.",
    ],
    "store.failed": [
      "The relay's database fails. Nothing was changed.",
      "The relay's log says why. Frames go on.",
    ],
  } as Partial<Record<string, readonly [string, string]>>,

  tenants: {
    title: "Tenants",
    lead: "Each is a world of its own: none sees anything of another.",
    create: "New tenant",

    created: (name: string) => `Tenant ${name} was created`,

    remove: (name: string) => `Delete tenant ${name}`,
    removeWarning: "Its networks, devices, invites and tokens go with it, and every session ends at once.",

    removed: (name: string) => `Tenant ${name} was deleted`,
    empty: "There is no tenant yet.",
  },

  networks: {
    title: "Networks",

    lead: (tenant: string) => `Each is an Ethernet segment of tenant ${tenant}.`,
    create: "New network",

    created: (name: string) => `Network ${name} was created`,

    remove: (name: string) => `Delete network ${name}`,
    removeWarning: "Its invites go with it, and everyone on it is cut off at once.",

    removed: (name: string) => `Network ${name} was deleted`,
    empty: "There is no network yet.",
    subnet: "Subnet",
    prefix6: "IPv6 prefix",
    subnetHint: "Without one, the network gives no addresses.",
    addresses: "Give addresses to devices",
    addressesHint: "Of the subnet, if there is one.",
    group: "Group",
    mode: "Mode",
    modeHint: "A switch keeps link-local control frames to itself; a wire passes everything.",
    modes: { switch: "Switch", wire: "Wire" },
    vniHint: "A free one is chosen.",
  },

  network: {
    title: (name: string) => `Network ${name}`,
    tabs: {
      members: "Members",
      fdb: "Forwarding table",
      groups: "Groups",
      neighbours: "Neighbours",
      drops: "Drops",
      addresses: "Addresses",
      trace: "Trace",
      settings: "Settings",
    },
    here: "Members here now",
    sent: "Sent by members",
    delivered: "Delivered to members",
    dropped: "Frames dropped",

    perSecond: (count: string) => `${count}/s`,
    nobody: "Nobody is here, and no device may come. Make an invite or a token to change that.",
    notJoined: "connected, not in this network",
    cut: "cut off: closes a loop",
    sending: "Sending",
    receiving: "Receiving",
    sentTotal: "Sent",
    receivedTotal: "Received",
    drops: "Drops",
    port: "VTEP",
    mac: "MAC address",
    behind: "Behind",
    kind: "Kind",
    kinds: {
      learned: "learned",
      static: "static",
      registered: "registered",
    } as Partial<Record<string, string>>,
    age: "Last seen",
    noEntries: "No address has been learned yet.",
    group: "Group",
    wholeNetwork: "(the whole network)",
    count: "Count",
    who: "Members",
    noGroups: "Nobody is here now.",
    noNeighbours: "No IP address is known yet.",
    address: "Address",
    reason: "Reason",
    why: "The frame went no further because",
    frames: "Frames",

    counted: (name: string, count: string) => `${name} (${count})`,
    dropsLead: "Of those who are here now, since they came.",
    noDrops: "No frame was dropped.",
    takeAddress: "Fix or reserve an address",
    forDevice: "For",
    keepFree: "nobody: keep it free",
    address6: "IPv6 address",
    device: "Device",
    release: "Release",

    releaseAddress: (address: string) => `Release ${address}`,
    releaseWarning: "It may then be given to another device.",

    released: (address: string) => `${address} was released`,
    noAddresses: "No address is taken.",
    givesNone: "This network gives no addresses.",
    addressKinds: { given: "given", fixed: "fixed", reserved: "reserved", "in-use": "in use by somebody" },
    traceLead:
      "What the hub would do with a frame now, and why. Nothing is sent. Either end is a MAC address, an IP address or a member's name.",
    traceFrom: "From",
    traceTo: "To",
    traceSubmit: "Trace",
  },

  devices: {
    title: "Devices",
    lead: "Machines that came in by an invite, each with a key of its own.",
    networks: "Networks",
    lastSeen: "Last seen",

    revoke: (name: string) => `Revoke device ${name}`,
    revokeWarning:
      "Its session ends at once, its addresses are released, and its key is good for nothing more.",

    revoked: (name: string) => `Device ${name} was revoked`,
    empty: "No device has come in yet. Make an invite.",
  },

  invites: {
    title: "Invites",
    lead: "A link lets machines onto a network, each with a key of its own from then on.",
    create: "New invite",
    created: "The invite",
    createdHint:
      "Copy the link now: it is shown this once. It is a key: whoever has it can join, so pass it on by a way that others don't read.",
    link: "Link",
    appLink: "Link for the desktop app",
    qrCode: "The link as a QR code",
    uses: "Devices that it lets in",
    usesHint: "A device that joins again does not count again.",
    used: "Used",

    usedOf: (used: string, uses: string) => `${used} of ${uses}`,

    revoke: (id: string) => `Revoke invite ${id}`,
    revokeWarning: "Nobody comes in by it any more, and the devices that it let in are shut out.",

    keepDevices: (used: string) => `Keep the devices that it let in: ${used}`,

    revoked: (id: string) => `Invite ${id} was revoked`,
    empty: "No invite is open.",
  },

  tokens: {
    title: "Tokens",
    lead: "For scripts, gateways and labs: any number of sessions at once.",
    create: "New token",
    created: "The token",
    token: "Token",
    name: "What it is for",
    allNetworks: "all networks, also those to come",
    roles: "Roles",
    roleNames: { "dhcp-server": "DHCP server", router: "Router" },

    revoke: (name: string) => `Revoke token ${name}`,
    revokeWarning: "Every session that it opened ends at once.",

    revoked: (name: string) => `Token ${name} was revoked`,
    empty: "There is no token.",
  },

  admins: {
    title: "Administrators",

    lead: (tenant: string) => `They administer tenant ${tenant}, and see nothing of another.`,
    create: "New administrator",
    created: "The administrator's token",
    token: "Token",

    revoke: (name: string) => `Revoke administrator ${name}`,
    revokeWarning: "The token is good for nothing more, at once.",

    revoked: (name: string) => `Administrator ${name} was revoked`,
    empty: "Nobody but you administers this tenant.",
  },

  limits: {
    title: "Limits",

    lead: (tenant: string) => `How much tenant ${tenant} may have.`,
    leadTenant: "How much you may have. The relay's administrator can raise it.",
    limit: "Limit",
    most: "At most",
    now: "Now",
    unlimited: "no limit",

    change: (name: string) => `Change limit: ${name}`,
    changeHint: "Empty is without a limit.",
    names: {
      networks: "Networks",
      devices: "Devices",
      tokens: "Tokens",
      invites: "Invites that are open",
      reserved_addresses: "Reserved addresses",
      sessions: "Sessions at once",
      memberships: "Networks joined, by all sessions",
      session_macs: "MAC addresses of each session",
      macs: "MAC addresses",
      neighbours: "IP addresses known",
      groups: "Multicast memberships",
      queued_bytes: "Bytes waiting for slow receivers",
      captures: "Captures at once",
      audit_entries: "Audit log entries kept",
      dns_queries_per_second: "DNS queries per second",
      control_messages_per_second: "Control messages from members per second",
      control_bytes_per_second: "Control bytes to members per second",
      changes_per_minute: "Changes per minute",
      network_devices: "Devices in one network",
      network_sessions: "Sessions in one network",
      network_macs: "MAC addresses in one network",
      network_session_macs: "MAC addresses of each session in one network",
      bytes_per_second: "Bytes per second",
      packets_per_second: "Packets per second",
      network_bytes_per_second: "Bytes per second in one network",
      network_packets_per_second: "Packets per second in one network",
    } satisfies Record<LimitName, string>,
  },

  notices: {
    title: "Notices",

    lead: (tenant: string) => `What the administrator of tenant ${tenant} should know of.`,
    last: "Last",
    what: "What",
    times: "Times",
    wholeTenant: "the tenant",
    empty: "Nothing to report.",
  },

  audit: {
    title: "Audit log",
    relayTitle: "Audit log of the relay",

    lead: (tenant: string) => `Who did what in tenant ${tenant}.`,
    relayLead: "Who did what, in all tenants.",
    period: "Period",

    last: (duration: string) => `Last ${duration}`,
    all: "Everything",
    filter: "Filter",
    at: "When",
    actor: "Who",
    action: "What",
    object: "To what",
    from: "From",
    empty: "Nothing happened.",
  },

  settings: networkSettings,
  drops: DROP_WORDS,
};
