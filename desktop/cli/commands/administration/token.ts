import { Command, Option } from "commander";
import type { Token } from "../../../../shared/api/resources/token.ts";
import { PORT_ROLES, type PortRole } from "../../../../shared/switch/port.ts";
import { parseDuration } from "../../../../shared/values/duration.ts";
import { usage } from "../../../../shared/values/fault.ts";
import { Output, type Row } from "../../print/output.ts";
import { type AdminOptions, adminClient, adminOptions, tenantOption, wholeNumber } from "./admin-options.ts";

interface CreateOptions extends AdminOptions {
  readonly network: readonly string[];
  readonly allNetworks?: boolean;
  readonly role?: PortRole[];
  readonly expires?: number;
  readonly macs?: number;
  readonly name?: string;
}

const PATH = "/v1/tenants/{tenant}/tokens";

/** Returns `laneway token create|list|revoke`. */
export function tokenCommand(): Command {
  const token = new Command("token").description("administer access tokens, which open networks");
  const add = (usage: string, description: string) =>
    adminOptions(tenantOption(token.command(usage).description(description)));

  add("create", "make a token; it is shown this once")
    .option("--network <name...>", "the network that it opens, or several", ["lan"])
    .option("--all-networks", "every network of the tenant instead, also those to come")
    .addOption(
      new Option("--role <role...>", "what the machines behind it may be to others").choices(PORT_ROLES),
    )
    .option(
      "--expires <duration>",
      "how long it is good for: 30s, 15m, 24h, 7d (default: for ever)",
      parseDuration,
    )
    .option(
      "--macs <number>",
      "how many MAC addresses may be behind each session (default: the limits say)",
      wholeNumber("--macs", { from: 1 }),
    )
    .option("--name <text>", "a note of whom it is for")
    .action(async (options: CreateOptions, command: Command) => {
      const { name, expires, role, macs, allNetworks } = options;
      if (allNetworks === true && command.getOptionValueSource("network") !== "default") {
        throw usage(
          "usage.networks",
          `--all-networks is given beside --network ${options.network.join(" ")}`,
          "Leave one of them out.",
        );
      }
      const [network, ...networks] = options.network;
      const opens = allNetworks === true ? { all_networks: true as const } : { network, networks };
      const request = { ...opens, roles: role ?? [], macs, name, expires_in: expires };
      new Output(options.json).object(await adminClient(options).create(PATH, options, request));
    });
  add("list", "list a tenant's tokens").action(async (options: AdminOptions) => {
    const rows = await adminClient(options).list(PATH, options);
    new Output(options.json).list(options.json === true ? rows : rows.map(forPeople), [
      "id",
      "networks",
      "roles",
      "tenant",
      "name",
      "created_at",
      "expires_at",
    ]);
  });
  add("revoke <id>", "withdraw a token; its sessions end").action(
    async (id: string, options: AdminOptions) => {
      await adminClient(options).delete(`${PATH}/{token}`, { ...options, token: id });
      new Output(options.json).note(`token '${id}' is revoked`);
    },
  );
  return token;
}

function forPeople(row: Token): Row {
  return row.all_networks ? { ...row, networks: "(all)" } : row;
}
