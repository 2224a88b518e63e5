import { Command, Option } from "commander";
import { PORT_ROLES } from "../../../shared/switch/port.ts";
import { parseDuration } from "../../../shared/values/duration.ts";
import { AdminClient, type AdminOptions, adminOptions, tenantOption } from "../admin-client.ts";
import { Output } from "../output.ts";

interface CreateOptions extends AdminOptions {
  readonly network: readonly string[];
  readonly role?: readonly string[];
  readonly expires?: number;
  readonly name?: string;
}

/** `laneway token create|list|revoke` */
export function tokenCommand(): Command {
  const token = new Command("token").description("administer access tokens, each for one network");
  const add = (usage: string, description: string) =>
    adminOptions(tenantOption(token.command(usage).description(description)));

  add("create", "make a token; it is shown this once")
    .option("--network <name...>", "the network that it opens, or several", ["lan"])
    .addOption(
      new Option("--role <role...>", "what the machines behind it may be to others").choices(PORT_ROLES),
    )
    .option(
      "--expires <duration>",
      "how long it is good for: 30s, 15m, 24h, 7d (default: for ever)",
      parseDuration,
    )
    .option("--name <text>", "a note of whom it is for")
    .action(async (options: CreateOptions) => {
      const { name, expires, role } = options;
      const [network, ...networks] = options.network;
      const request = { network, networks, roles: role ?? [], name, expires_in: expires };
      new Output(options.json).object(
        await AdminClient.from(options).create(request, "tenants", options.tenant, "tokens"),
      );
    });
  add("list", "list a tenant's tokens").action(async (options: AdminOptions) => {
    const rows = await AdminClient.from(options).list(["tenants", options.tenant, "tokens"]);
    new Output(options.json).list(rows, [
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
      await AdminClient.from(options).delete("tenants", options.tenant, "tokens", id);
      new Output(options.json).note(`token '${id}' is revoked`);
    },
  );
  return token;
}
