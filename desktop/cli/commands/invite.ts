import { Command } from "commander";
import { usage } from "../../../shared/fault.ts";
import { parseDuration } from "../../../shared/values/duration.ts";
import { AdminClient, type AdminOptions, adminOptions, tenantOption } from "../admin-client.ts";
import { Output } from "../output.ts";

interface CreateOptions extends AdminOptions {
  readonly network: string;
  readonly uses?: number;
  readonly expires?: number;
}

/** `laneway invite create|list|revoke` */
export function inviteCommand(): Command {
  const invite = new Command("invite").description("administer invites, each a link onto one network");
  const add = (usage: string, description: string) =>
    adminOptions(tenantOption(invite.command(usage).description(description)));

  add("create", "make an invite; its link is shown this once")
    .option("--network <name>", "the network that it opens", "lan")
    .option("--uses <number>", "how many devices it lets in (default: 1)", uses)
    .option("--expires <duration>", "how long it is good for: 30s, 15m, 24h, 7d", parseDuration)
    .action(async (options: CreateOptions) => {
      const { network, uses, expires } = options;
      const request = { network, uses, expires_in: expires };
      const output = new Output(options.json);
      output.object(await AdminClient.from(options).create(request, "tenants", options.tenant, "invites"));
      output.note("Send the link to whoever is to join: it is opened by 'laneway join LINK'.");
    });
  add("list", "list a tenant's invites").action(async (options: AdminOptions) => {
    const rows = await AdminClient.from(options).list(["tenants", options.tenant, "invites"]);
    new Output(options.json).list(rows, ["id", "network", "tenant", "used", "uses", "expires_at"]);
  });
  add("revoke <id>", "withdraw an invite; devices that it let in stay, unless told otherwise")
    .option("--devices", "shut out the devices that it let in, too")
    .action(async (id: string, options: AdminOptions & { readonly devices?: boolean }) => {
      const { tenant, devices, json } = options;
      const query = devices === true ? { devices: "true" } : {};
      await AdminClient.from(options).deleteWith(query, "tenants", tenant, "invites", id);
      new Output(json).note(`invite '${id}' is revoked`);
    });
  return invite;
}

/** @throws Fault unless the text is a whole number from 1 on */
function uses(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw usage("usage.number", `'${text}' is not a number for --uses`, "Write a whole number from 1 on.");
}
