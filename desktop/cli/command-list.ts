import type { ListedCommand } from "./overview.ts";

/** The commands in the order of the help, but those that other folders define. */
export const COMMANDS: readonly ListedCommand[] = [
  {
    usage: "join [options] [link]",
    summary: "enrol this device with an invite",
    load: async () => (await import("./commands/join.ts")).joinCommand(),
  },
  {
    usage: "up [options] [network...]",
    summary: "bring networks up on this machine: by the agent, or in the foreground without one",
    load: async () => (await import("./commands/up.ts")).upCommand(),
  },
  {
    usage: "status [options]",
    summary: "show this machine's networks in the agent",
    load: async () => (await import("./commands/agent-calls.ts")).agentCallCommands(),
  },
  {
    usage: "peers [options] [network]",
    summary: "list the members of a network: addresses and latency",
    load: async () => (await import("./commands/agent-calls.ts")).agentCallCommands(),
  },
  {
    usage: "down [options] [network]",
    summary: "take a network down and keep it down",
    load: async () => (await import("./commands/agent-calls.ts")).agentCallCommands(),
  },
  {
    usage: "leave [options] <network>",
    summary: "take a network down and forget it, and this device's key with its last network",
    load: async () => (await import("./commands/agent-calls.ts")).agentCallCommands(),
  },
  {
    usage: "agent [options]",
    summary: "run the agent, which keeps this machine on its networks for 'laneway up' and the desktop app",
    load: async () => (await import("./commands/agent.ts")).agentCommand(),
  },
  {
    usage: "service",
    summary: "run the agent under systemd",
    load: async () => (await import("./commands/service.ts")).serviceCommand(),
  },
  {
    usage: "doctor [options] [network]",
    summary: "check a network step by step, and print how to fix what fails",
    load: async () => (await import("./commands/doctor.ts")).doctorCommand(),
  },
  {
    usage: "tenant",
    summary: "administer tenants, who know nothing of each other",
    load: async () => (await import("./commands/administration/tenant.ts")).tenantCommand(),
  },
  {
    usage: "network",
    summary: "administer networks, each a segment of its own",
    load: async () => (await import("./commands/administration/network.ts")).networkCommand(),
  },
  {
    usage: "port",
    summary: "administer a network's tunnels to other VTEPs, beside the relay",
    load: async () => (await import("./commands/administration/port.ts")).portCommand(),
  },
  {
    usage: "invite",
    summary: "administer invites, each a link onto one network",
    load: async () => (await import("./commands/administration/invite.ts")).inviteCommand(),
  },
  {
    usage: "device",
    summary: "administer devices, which invites have let in",
    load: async () => (await import("./commands/administration/device.ts")).deviceCommand(),
  },
  {
    usage: "address",
    summary: "administer the addresses that a network gives its devices",
    load: async () => (await import("./commands/administration/address.ts")).addressCommand(),
  },
  {
    usage: "token",
    summary: "administer access tokens, which open networks",
    load: async () => (await import("./commands/administration/token.ts")).tokenCommand(),
  },
  {
    usage: "sign-in [options]",
    summary: "make a link that opens a relay's page, signed in, once",
    load: async () => (await import("./commands/administration/sign-in.ts")).signInCommand(),
  },
  {
    usage: "admin",
    summary: "administer who administers one tenant, by a token of their own",
    load: async () => (await import("./commands/administration/admin.ts")).adminCommand(),
  },
  {
    usage: "limits",
    summary: "administer how much a tenant and its networks may have",
    load: async () => (await import("./commands/administration/limits.ts")).limitsCommand(),
  },
  {
    usage: "fdb [options]",
    summary: "show a network's forwarding table, or set a static entry",
    load: async () => (await import("./commands/administration/live.ts")).liveCommands(),
  },
  {
    usage: "groups [options]",
    summary: "show a network's multicast groups and who is in them",
    load: async () => (await import("./commands/administration/live.ts")).liveCommands(),
  },
  {
    usage: "neighbours [options]",
    summary: "show the addresses that a network's hub answers for",
    load: async () => (await import("./commands/administration/live.ts")).liveCommands(),
  },
  {
    usage: "counters [options]",
    summary: "show a network's ports: what came in, went out and was dropped, by reason",
    load: async () => (await import("./commands/administration/live.ts")).liveCommands(),
  },
  {
    usage: "trace [options]",
    summary: "tell what the hub would do with a frame, and why",
    load: async () => (await import("./commands/administration/live.ts")).liveCommands(),
  },
  {
    usage: "capture [options]",
    summary: "capture a network's frames as pcapng, live, for Wireshark or tshark",
    load: async () => (await import("./commands/capture.ts")).captureCommand(),
  },
  {
    usage: "audit [options]",
    summary: "show who did what in a tenant, and when",
    load: async () => (await import("./commands/administration/audit.ts")).auditCommand(),
  },
  {
    usage: "backup [options] <file>",
    summary: "write all that a relay keeps, but its administrator's token, to a file",
    load: async () => (await import("./commands/administration/backup.ts")).backupCommand(),
  },
  {
    usage: "demo [options]",
    summary: "run a demo on this machine: a relay, hosts behind NATs, a ping and a transfer",
    load: async () => (await import("./commands/demo.ts")).demoCommand(),
  },
  {
    usage: "completion <shell>",
    summary: "print a completion script for a shell",
    load: async () => (await import("./commands/completion.ts")).completionCommand(),
  },
];
