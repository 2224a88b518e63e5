import { type Device as DeviceJson, device } from "../../../shared/api/resources/device.ts";
import type { Hub } from "../../hub/hub.ts";
import type { Device } from "../../model/model.ts";
import { isoTime } from "../kernel/iso-time.ts";
import { type Operation, operation } from "../kernel/operation.ts";
import { BY_TIME } from "../kernel/orders.ts";
import { listOperation } from "../kernel/paging.ts";
import type { TenantsApiOptions } from "./tenants.ts";

const tag = "devices";

export interface DevicesApiOptions extends TenantsApiOptions {
  readonly hub: Hub;
}

/** Returns the operations on a tenant's devices. */
export function deviceOperations({ tenants, hub }: DevicesApiOptions): Operation[] {
  const show = ({ id, name, tenant, createdAt, lastSeen }: Device): DeviceJson => {
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
      summary: "Revoke a device",
      description:
        "Its session ends at once with 4003, and its addresses become free. Its key cannot enrol again by the invites that it used.",
      method: "delete",
      path: "/v1/tenants/{tenant}/devices/{device}",
      errors: { 404: ["device.unknown"] },
      handle: ({ params, context }) => tenants.devices.revoke(params.tenant, params.device, context.var.by),
    }),
  ];
}
