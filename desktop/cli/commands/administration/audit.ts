import { Command } from "commander";
import { parseDuration } from "../../../../shared/values/duration.ts";
import { Output } from "../../print/output.ts";
import { type AdminOptions, adminClient, adminOptions, tenantOption } from "./admin-options.ts";

/** Returns `laneway audit`. */
export function auditCommand(): Command {
  return adminOptions(
    tenantOption(new Command("audit").description("show who did what in a tenant, and when")),
  )
    .option(
      "--since <duration>",
      "no further back than this: 30s, 15m, 24h, 7d (default: all)",
      parseDuration,
    )
    .action(async (options: AdminOptions & { readonly since?: number }) => {
      const { since, json } = options;
      const query = since === undefined ? {} : { since: String(since) };
      const rows = await adminClient(options).list("/v1/tenants/{tenant}/audit", options, query);
      new Output(json).list(rows, ["at", "actor", "action", "object", "from"]);
    });
}
