import { Command } from "commander";
import { Output } from "../../print/output.ts";
import { type AdminOptions, adminClient, adminOptions } from "./admin-options.ts";

const PATH = "/v1/tenants";

/** Returns `laneway tenant create|list|delete`. */
export function tenantCommand(): Command {
  const tenant = new Command("tenant").description("administer tenants, who know nothing of each other");
  adminOptions(tenant.command("create <name>").description("make a tenant")).action(
    async (name: string, options: AdminOptions) => {
      new Output(options.json).object(await adminClient(options).create(PATH, {}, { name }));
    },
  );
  adminOptions(tenant.command("list").description("list tenants")).action(async (options: AdminOptions) => {
    new Output(options.json).list(await adminClient(options).list(PATH, {}), ["name"]);
  });
  adminOptions(
    tenant.command("delete <name>").description("delete a tenant with all it has; its sessions end"),
  ).action(async (name: string, options: AdminOptions) => {
    await adminClient(options).delete(`${PATH}/{tenant}`, { tenant: name });
    new Output(options.json).note(`tenant '${name}' is deleted`);
  });
  return tenant;
}
