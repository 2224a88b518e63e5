import { Hono } from "hono";
import { z } from "zod";
import { unknown } from "../tenants/faults.ts";
import { LIMIT_NAMES, type LimitName, type TenantLimits } from "../tenants/limits.ts";
import type { Tenants } from "../tenants/tenants.ts";
import { type ApiEnv, demandRelayAdmin } from "./access.ts";
import { body } from "./body.ts";

const limit = z.number().int().min(0).max(1_000_000_000).nullable();
const changes = z.strictObject(
  Object.fromEntries(LIMIT_NAMES.map((name) => [name, limit.optional()])) as Record<
    LimitName,
    z.ZodOptional<typeof limit>
  >,
);

/** How much a tenant may have; null is without a limit. */
export function limitsApi(tenants: Tenants): Hono<ApiEnv> {
  const api = new Hono<ApiEnv>();
  const limits = "/tenants/:tenant/limits";
  const demand = (tenant: string) => {
    if (!tenants.tenants().some(({ name }) => name === tenant)) throw unknown("tenant", tenant);
    return tenant;
  };
  api.get(limits, (context) => context.json(tenants.limits.of(demand(context.req.param("tenant")))));
  api.patch(limits, async (context) => {
    demandRelayAdmin(context);
    const tenant = demand(context.req.param("tenant"));
    const changed = (await body(context, changes)) as Partial<TenantLimits>;
    return context.json(tenants.limits.change(tenant, changed, context.var.by));
  });
  return api;
}
