import { Command } from "commander";
import { Output, type Row } from "../../print/output.ts";
import { type AdminOptions, adminClient, adminOptions, tenantOption } from "./admin-options.ts";

/** `laneway device list|revoke` */
export function deviceCommand(): Command {
  const device = new Command("device").description("administer devices, which invites have let in");
  const add = (usage: string, description: string) =>
    adminOptions(tenantOption(device.command(usage).description(description)));

  add("list", "list a tenant's devices").action(async (options: AdminOptions) => {
    const rows = await adminClient(options).list(["tenants", options.tenant, "devices"]);
    const shown = options.json === true ? rows : rows.map(forPeople);
    new Output(options.json).list(shown, ["id", "name", "tenant", "networks", "online", "last_seen"]);
  });
  add("revoke <id>", "shut a device out; its session ends").action(
    async (id: string, options: AdminOptions) => {
      await adminClient(options).delete("tenants", options.tenant, "devices", id);
      new Output(options.json).note(`device '${id}' is revoked`);
    },
  );
  return device;
}

function forPeople(row: Row): Row {
  const { networks, online } = row as { networks?: unknown; online?: unknown };
  return {
    ...row,
    networks: Array.isArray(networks) && networks.length > 0 ? networks.join(",") : undefined,
    online: online === true ? "yes" : "no",
  };
}
