import { Command } from "commander";
import { parseDuration } from "../../../../shared/values/duration.ts";
import { Output } from "../../print/output.ts";
import { type AdminOptions, adminClient, adminOptions, tenantOption } from "./admin-options.ts";

interface CreateOptions extends AdminOptions {
  readonly expires?: number;
  readonly name?: string;
}

const PATH = "/v1/tenants/{tenant}/admins";

/** Returns `laneway admin create|list|revoke`. */
export function adminCommand(): Command {
  const admin = new Command("admin").description(
    "administer who administers one tenant, by a token of their own",
  );
  const add = (usage: string, description: string) =>
    adminOptions(tenantOption(admin.command(usage).description(description)));

  add("create", "make an administrator of a tenant; the token is shown this once")
    .option(
      "--expires <duration>",
      "how long it is good for: 30s, 15m, 24h, 7d (default: for ever)",
      parseDuration,
    )
    .option("--name <text>", "a note of who it is")
    .action(async (options: CreateOptions) => {
      const { name, expires } = options;
      const output = new Output(options.json);
      const request = { name, expires_in: expires };
      output.object(await adminClient(options).create(PATH, options, request));
      output.note("They set it as LANEWAY_ADMIN_TOKEN; it is for this tenant alone.");
    });
  add("list", "list a tenant's administrators").action(async (options: AdminOptions) => {
    const rows = await adminClient(options).list(PATH, options);
    new Output(options.json).list(rows, ["id", "tenant", "name", "created_at", "expires_at"]);
  });
  add("revoke <id>", "shut an administrator out; what they capture ends").action(
    async (id: string, options: AdminOptions) => {
      await adminClient(options).delete(`${PATH}/{admin}`, { ...options, admin: id });
      new Output(options.json).note(`administrator '${id}' is revoked`);
    },
  );
  return admin;
}
