import { Command } from "commander";
import { AdminClient, type AdminOptions, adminOptions } from "../admin-client.ts";
import { Output } from "../output.ts";

/** `laneway tenant create|list|delete` */
export function tenantCommand(): Command {
  const tenant = new Command("tenant").description("administer tenants, who know nothing of each other");
  adminOptions(tenant.command("create <name>").description("make a tenant")).action(
    async (name: string, options: AdminOptions) => {
      new Output(options.json).object(await AdminClient.from(options).create({ name }, "tenants"));
    },
  );
  adminOptions(tenant.command("list").description("list tenants")).action(async (options: AdminOptions) => {
    new Output(options.json).list(await AdminClient.from(options).list(["tenants"]), ["name"]);
  });
  adminOptions(
    tenant.command("delete <name>").description("delete a tenant with all it has; its sessions end"),
  ).action(async (name: string, options: AdminOptions) => {
    await AdminClient.from(options).delete("tenants", name);
    new Output(options.json).note(`tenant '${name}' is deleted`);
  });
  return tenant;
}
