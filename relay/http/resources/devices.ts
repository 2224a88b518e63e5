import { z } from "zod";
import type { Hub } from "../../hub/hub.ts";
import type { Device } from "../../model/model.ts";
import { isoTime, name, time } from "../kernel/body.ts";
import { type Operation, operation } from "../kernel/operation.ts";
import { BY_TIME } from "../kernel/orders.ts";
import { listOperation } from "../kernel/paging.ts";
import type { TenantsApiOptions } from "./tenants.ts";

const tag = "devices";

const device = z
  .object({
    id: z.string(),
    name: z.string(),
    tenant: name,
    networks: z.array(name),
    online: z.boolean(),
    created_at: time,
    last_seen: time.nullable(),
  })
  .meta({ id: "Device", description: "A machine that came in by an invite, and is known by its key." });

export interface DevicesApiOptions extends TenantsApiOptions {
  readonly hub: Hub;
}

/** A tenant's devices. */
export function deviceOperations({ tenants, hub }: DevicesApiOptions): Operation[] {
  const show = ({ id, name, tenant, createdAt, lastSeen }: Device): z.input<typeof device> => {
    const online = hub.isOnline(id);
    return {
      id,
      name,
      tenant,
      networks: tenants.devices.networksOf(id),
      online,
      created_at: isoTime(createdAt),
      last_seen: online ? new Date().toISOString() : isoTime(lastSeen),
    };
  };
  return [
    listOperation({
      id: "listDevices",
      tag,
      summary: "List a tenant's devices",
      path: "/v1/tenants/{tenant}/devices",
      row: device,
      order: BY_TIME,
      rows: ({ params }, part) => tenants.devices.of(params.tenant, part),
      show,
    }),
    operation({
      id: "revokeDevice",
      tag,
      summary: "Shut a device out",
      description:
        "Its session ends at once, with 4003; its addresses are free again, and its key can't come back by the invites that it used.",
      method: "delete",
      path: "/v1/tenants/{tenant}/devices/{device}",
      errors: { 404: ["device.unknown"] },
      handle: ({ params, context }) => tenants.devices.revoke(params.tenant, params.device, context.var.by),
    }),
  ];
}
