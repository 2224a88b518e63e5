import { Command } from "commander";
import { AdminClient, type AdminOptions, adminOptions, tenantOption } from "../admin-client.ts";
import { Output } from "../output.ts";

/** `laneway fdb` */
export function fdbCommand(): Command {
  return adminOptions(tenantOption(new Command("fdb").description("show a network's forwarding table")))
    .option("--network <name>", "the network", "lan")
    .action(async (options: AdminOptions & { readonly network: string }) => {
      const rows = await AdminClient.from(options).list(
        "tenants",
        options.tenant,
        "networks",
        options.network,
        "fdb",
      );
      new Output(options.json).list(rows, ["mac", "vni", "port", "kind", "age_seconds"]);
    });
}
