import { Hono } from "hono";
import { z } from "zod";
import type { Admin } from "../tenants/model.ts";
import type { Tenants } from "../tenants/tenants.ts";
import { type ApiEnv, demandRelayAdmin } from "./access.ts";
import { body, expiresIn, isoTime } from "./body.ts";

const newAdmin = z.strictObject({
  name: z.string().max(256).optional(),
  expires_in: expiresIn.optional(),
});

/** Those who administer one tenant; the relay's administrator alone makes and removes them. */
export function adminsApi(tenants: Tenants): Hono<ApiEnv> {
  const api = new Hono<ApiEnv>();
  const admins = "/tenants/:tenant/admins";
  api.use(`${admins}/*`, async (context, next) => {
    demandRelayAdmin(context);
    await next();
  });
  api.post(admins, async (context) => {
    const { name, expires_in } = await body(context, newAdmin);
    const tenant = context.req.param("tenant");
    const request = { name, expiresIn: expires_in };
    const { admin, secret } = await tenants.admins.create(tenant, request, context.var.by);
    return context.json({ ...adminJson(admin), token: secret }, 201);
  });
  api.get(admins, (context) => context.json(tenants.admins.of(context.req.param("tenant")).map(adminJson)));
  api.delete(`${admins}/:admin`, (context) => {
    const { tenant, admin } = context.req.param();
    tenants.admins.revoke(tenant, admin, context.var.by);
    return context.body(null, 204);
  });
  return api;
}

function adminJson({ id, tenant, name, createdAt, expiresAt }: Admin): object {
  return {
    id,
    tenant,
    name: name ?? null,
    created_at: isoTime(createdAt),
    expires_at: isoTime(expiresAt),
  };
}
