import { Hono } from "hono";
import type { Hub } from "../hub/hub.ts";
import type { Device } from "../tenants/model.ts";
import type { Tenants } from "../tenants/tenants.ts";
import type { ApiEnv } from "./access.ts";
import { isoTime } from "./body.ts";

/** A tenant's devices. */
export function devicesApi(tenants: Tenants, hub: Hub): Hono<ApiEnv> {
  const api = new Hono<ApiEnv>();
  const devices = "/tenants/:tenant/devices";
  const json = ({ id, name, tenant, createdAt, lastSeen }: Device): object => {
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
  api.get(devices, (context) => context.json(tenants.devices.of(context.req.param("tenant")).map(json)));
  api.delete(`${devices}/:device`, (context) => {
    const { tenant, device } = context.req.param();
    tenants.devices.revoke(tenant, device, context.var.by);
    return context.body(null, 204);
  });
  return api;
}
