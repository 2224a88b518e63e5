import { Command } from "commander";
import { usage } from "../../../../shared/values/fault.ts";
import { Output } from "../../print/output.ts";
import { type AdminOptions, adminClient, adminOptions, tenantOption } from "./admin-options.ts";

type NetworkOptions = AdminOptions & { readonly network: string };

const NETWORK = "/v1/tenants/{tenant}/networks/{network}";
const FDB = `${NETWORK}/fdb` as const;

/** The commands that show a network's live state, each as a table. */
const TABLES = [
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

/** Returns `laneway fdb|groups|neighbours|counters|trace`. */
export function liveCommands(): Command[] {
  return [
    fdbCommand(),
    ...TABLES.map(([name, description, columns]) => tableCommand(name, description, columns)),
    traceCommand(),
  ];
}

interface FdbOptions extends NetworkOptions {
  readonly pin?: string;
  readonly vtep?: string;
  readonly unpin?: string;
}

function fdbCommand(): Command {
  return ofNetwork("fdb", "show a network's forwarding table, or set a static entry")
    .option("--pin <mac>", "put this address at a VTEP, whatever comes in elsewhere")
    .option("--vtep <id|name>", "the VTEP")
    .option("--unpin <mac>", "take a static entry back")
    .action(async (options: FdbOptions) => {
      const output = new Output(options.json);
      if (options.pin !== undefined) {
        if (options.vtep === undefined) {
          throw usage(
            "usage.vtep",
            "no VTEP is named for --pin",
            "Name it with --vtep ID; see 'laneway counters'.",
          );
        }
        output.object(
          await adminClient(options).create(FDB, options, { mac: options.pin, port: options.vtep }),
        );
      } else if (options.unpin !== undefined) {
        await adminClient(options).delete(`${FDB}/{mac}`, { ...options, mac: options.unpin });
        output.note(`${options.unpin} has no static entry any more`);
      } else {
        output.list(await adminClient(options).list(FDB, options), [
          "mac",
          "vni",
          "port",
          "kind",
          "age_seconds",
        ]);
      }
    });
}

function tableCommand(
  name: (typeof TABLES)[number][0],
  description: string,
  columns: readonly string[],
): Command {
  return ofNetwork(name, description).action(async (options: NetworkOptions) => {
    new Output(options.json).list(await adminClient(options).list(`${NETWORK}/${name}`, options), columns);
  });
}

function traceCommand(): Command {
  return ofNetwork("trace", "tell what the hub would do with a frame, and why")
    .requiredOption("--from <machine>", "where it comes from: a MAC or IP address, or a member's name")
    .requiredOption("--to <machine>", "where it goes: the same, or broadcast")
    .action(async (options: NetworkOptions & { readonly from: string; readonly to: string }) => {
      const { from, to } = options;
      const steps = await adminClient(options).list(`${NETWORK}/trace`, options, { from, to });
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
