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
  shownOnce: "Copy it now. It is shown only once, because the relay stores only its hash.",
  signOut: "Sign out",
  skip: "Skip to the content",
  state: "State",
  tenant: "Tenant",

  tenantAdmin: (tenant: string) => `Administrator of ${tenant}`,

  typeName: (name: string) => `Type ${name} to continue`,

  signIn: {
    title: "Sign in",
    token: "Administrator's token",
    tokenHint: "The relay's, or a tenant's.",
    remember: "Keep me signed in in this tab",
    rememberHint: "Otherwise you sign in again after a reload.",
    submit: "Sign in",
    where: "The relay's token is in its data directory:",
  },

  /** Words that replace the relay's own, for each code: what went wrong, and what to do. */
  problems: {
    unreachable: ["The relay can't be reached.", "Check the connection. The page keeps trying."],
    "sign-in.refused": [
      "This link has been used, or is too old.",
      "Make another with 'laneway sign-in', or sign in with the token.",
    ],
    "admin.refused": ["This token is wrong, or was revoked.", "Sign in with another token."],
    "store.full": [
      "No space is left on the relay's disk. Nothing was changed.",
      "Free some space, then try again. Forwarding continues.",
    ],
    "store.failed": [
      "The relay's database failed. Nothing was changed.",
      "See the relay's log for the reason. Forwarding continues.",
    ],
  } as Partial<Record<string, readonly [string, string]>>,

  tenants: {
    title: "Tenants",
    lead: "Tenants are isolated from each other.",
    create: "New tenant",

    created: (name: string) => `Tenant ${name} was created`,

    remove: (name: string) => `Delete tenant ${name}`,
    removeWarning:
      "This also deletes its networks, devices, invites and tokens, and ends all its sessions at once.",

    removed: (name: string) => `Tenant ${name} was deleted`,
    empty: "There is no tenant yet.",
  },

  networks: {
    title: "Networks",

    lead: (tenant: string) => `Each is an Ethernet segment of tenant ${tenant}.`,
    create: "New network",

    created: (name: string) => `Network ${name} was created`,

    remove: (name: string) => `Delete network ${name}`,
    removeWarning: "This also deletes its invites and disconnects all members at once.",

    removed: (name: string) => `Network ${name} was deleted`,
    empty: "There is no network yet.",
    subnet: "Subnet",
    prefix6: "IPv6 prefix",
    subnetHint: "Without a subnet, the network assigns no addresses.",
    addresses: "Assign addresses to devices",
    addressesHint: "From the subnet, if there is one.",
    group: "Group",
    mode: "Mode",
    modeHint: "A switch drops link-local control frames; a wire passes everything.",
    modes: { switch: "Switch", wire: "Wire" },
    vniHint: "Leave it empty to get a free one.",
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
    nobody: "There are no members yet, and no device may join. Create an invite or a token.",
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
    noGroups: "No member is connected.",
    noNeighbours: "No IP address is known yet.",
    address: "Address",
    reason: "Reason",
    why: "The frame went no further because",
    frames: "Frames",

    counted: (name: string, count: string) => `${name} (${count})`,
    dropsLead: "Counted for each connected member since it joined.",
    noDrops: "No frame was dropped.",
    takeAddress: "Fix or reserve an address",
    forDevice: "For",
    keepFree: "no device: keep it reserved",
    address6: "IPv6 address",
    device: "Device",
    release: "Release",

    releaseAddress: (address: string) => `Release ${address}`,
    releaseWarning: "Another device may then get it.",

    released: (address: string) => `${address} was released`,
    noAddresses: "No address is in use.",
    givesNone: "This network assigns no addresses.",
    addressKinds: {
      given: "given",
      fixed: "fixed",
      reserved: "reserved",
      "in-use": "in use by another machine",
    },
    traceLead:
      "Shows what the hub would do with a frame now, and why. Sends nothing. Enter a MAC address, an IP address or a member's name for each end.",
    traceFrom: "From",
    traceTo: "To",
    traceSubmit: "Trace",
  },

  devices: {
    title: "Devices",
    lead: "Machines that joined by an invite. Each has its own key.",
    networks: "Networks",
    lastSeen: "Last seen",

    revoke: (name: string) => `Revoke device ${name}`,
    revokeWarning: "Its session ends at once, its addresses are released, and its key no longer works.",

    revoked: (name: string) => `Device ${name} was revoked`,
    empty: "No device has joined yet. Create an invite.",
  },

  invites: {
    title: "Invites",
    lead: "Machines join a network by an invite link. Each then has its own key.",
    create: common.newInvite,
    created: "The invite",
    appLink: "Link for the desktop app",
    qrCode: "The link as a QR code",
    usesHint: "A device that joins again does not count again.",
    used: "Used",

    usedOf: (used: string, uses: string) => `${used} of ${uses}`,

    revoke: (id: string) => `Revoke invite ${id}`,
    revokeWarning: "It no longer works, and the devices that joined by it lose access.",

    keepDevices: (used: string) => `Keep the devices that joined by it: ${used}`,

    revoked: (id: string) => `Invite ${id} was revoked`,
    empty: "No invite is open.",
  },

  tokens: {
    title: "Tokens",
    lead: "For scripts, gateways and labs. A token opens any number of sessions.",
    create: "New token",
    created: "The token",
    token: "Token",
    name: "Purpose",
    allNetworks: "all networks, including future ones",
    roles: "Roles",
    roleNames: { "dhcp-server": "DHCP server", router: "Router" },

    revoke: (name: string) => `Revoke token ${name}`,
    revokeWarning: "Every session that it opened ends at once.",

    revoked: (name: string) => `Token ${name} was revoked`,
    empty: "There is no token.",
  },

  admins: {
    title: "Administrators",

    lead: (tenant: string) => `They manage tenant ${tenant} and see no other tenant.`,
    create: "New administrator",
    created: "The administrator's token",
    token: "Token",

    revoke: (name: string) => `Revoke administrator ${name}`,
    revokeWarning: "The token stops working at once.",

    revoked: (name: string) => `Administrator ${name} was revoked`,
    empty: "You are the only administrator of this tenant.",
  },

  limits: {
    title: "Limits",

    lead: (tenant: string) => `Limits of tenant ${tenant}.`,
    leadTenant: "Your limits. The relay's administrator can raise them.",
    limit: "Limit",
    most: "At most",
    now: "Now",
    unlimited: "no limit",

    change: (name: string) => `Change limit: ${name}`,
    changeHint: "Leave it empty for no limit.",
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

    lead: (tenant: string) => `Events that the administrator of tenant ${tenant} should know about.`,
    last: "Last",
    what: "What",
    times: "Times",
    wholeTenant: "the tenant",
    empty: "Nothing to report.",
  },

  audit: {
    title: "Audit log",
    relayTitle: "Audit log of the relay",

    lead: (tenant: string) => `Changes in tenant ${tenant}, with their author.`,
    relayLead: "Changes in all tenants, with their author.",
    period: "Period",

    last: (duration: string) => `Last ${duration}`,
    all: "Everything",
    filter: "Filter",
    at: "When",
    actor: "Who",
    action: "What",
    object: "To what",
    from: "From",
    empty: "No entries.",
  },

  settings: networkSettings,
  drops: DROP_WORDS,
};
