import { Command } from "commander";
import type { Device } from "../../../../shared/api/resources/device.ts";
import { Output, type Row } from "../../print/output.ts";
import { type AdminOptions, adminClient, adminOptions, tenantOption } from "./admin-options.ts";

const PATH = "/v1/tenants/{tenant}/devices";

/** Returns `laneway device list|revoke`. */
export function deviceCommand(): Command {
  const device = new Command("device").description("administer devices, which invites have let in");
  const add = (usage: string, description: string) =>
    adminOptions(tenantOption(device.command(usage).description(description)));

  add("list", "list a tenant's devices").action(async (options: AdminOptions) => {
    const rows = await adminClient(options).list(PATH, options);
    const shown = options.json === true ? rows : rows.map(forPeople);
    new Output(options.json).list(shown, ["id", "name", "tenant", "networks", "online", "last_seen"]);
  });
  add("revoke <id>", "shut a device out; its session ends").action(
    async (id: string, options: AdminOptions) => {
      await adminClient(options).delete(`${PATH}/{device}`, { ...options, device: id });
      new Output(options.json).note(`device '${id}' is revoked`);
    },
  );
  return device;
}

function forPeople(row: Device): Row {
  return { ...row, online: row.online ? "yes" : "no" };
}
