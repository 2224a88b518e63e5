import { Command } from "commander";
import { AdminClient, type AdminOptions, adminOptions, tenantOption } from "../admin-client.ts";
import { Output } from "../output.ts";

type NetworkOptions = AdminOptions & { readonly network: string };

/** Commands that show what goes on in a network now, each a table. */
const TABLES = [
  ["fdb", "show a network's forwarding table", ["mac", "vni", "port", "kind", "age_seconds"]],
  ["groups", "show a network's multicast groups and who is in them", ["group", "vni", "ports"]],
  [
    "neighbours",
    "show the addresses that a network's hub answers for",
    ["address", "mac", "port", "kind", "age_seconds"],
  ],
  [
    "counters",
    "show a network's ports: what came in, went out and was dropped, by reason",
    ["port", "name", "state", "rx_frames", "tx_frames", "drops"],
  ],
] as const;

/** `laneway fdb|groups|neighbours|counters|trace` */
export function liveCommands(): Command[] {
  return [
    ...TABLES.map(([name, description, columns]) => tableCommand(name, description, columns)),
    traceCommand(),
  ];
}

function tableCommand(name: string, description: string, columns: readonly string[]): Command {
  return ofNetwork(name, description).action(async (options: NetworkOptions) => {
    new Output(options.json).list(await rows(options, name), columns);
  });
}

function traceCommand(): Command {
  return ofNetwork("trace", "tell what the hub would do with a frame, and why")
    .requiredOption("--from <machine>", "where it comes from: a MAC or IP address, or a member's name")
    .requiredOption("--to <machine>", "where it goes: the same, or broadcast")
    .action(async (options: NetworkOptions & { readonly from: string; readonly to: string }) => {
      const steps = await rows(options, "trace", { from: options.from, to: options.to });
      new Output(options.json).list(steps, ["step", "result", "detail"]);
    });
}

function ofNetwork(name: string, description: string): Command {
  return adminOptions(tenantOption(new Command(name).description(description))).option(
    "--network <name>",
    "the network",
    "lan",
  );
}

function rows(options: NetworkOptions, what: string, query?: Readonly<Record<string, string>>) {
  const path = ["tenants", options.tenant, "networks", options.network, what];
  return AdminClient.from(options).list(path, query);
}
