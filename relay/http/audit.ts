import { Hono } from "hono";
import { usage } from "../../shared/fault.ts";
import { unknown } from "../tenants/faults.ts";
import type { AuditEntry } from "../tenants/model.ts";
import type { Tenants } from "../tenants/tenants.ts";
import { type ApiEnv, demandRelayAdmin } from "./access.ts";
import { isoTime } from "./body.ts";

/** Who did what: in one tenant, or in the whole relay. */
export function auditApi(tenants: Tenants): Hono<ApiEnv> {
  const api = new Hono<ApiEnv>();
  api.get("/audit", (context) => {
    demandRelayAdmin(context);
    const entries = tenants.audit.entries(undefined, seconds(context.req.query("since")));
    return context.json(entries.map((entry) => ({ ...entryJson(entry), tenant: entry.tenant ?? null })));
  });
  api.get("/tenants/:tenant/audit", (context) => {
    const tenant = context.req.param("tenant");
    if (!tenants.tenants().some(({ name }) => name === tenant)) throw unknown("tenant", tenant);
    return context.json(tenants.audit.entries(tenant, seconds(context.req.query("since"))).map(entryJson));
  });
  return api;
}

/** How far back, in seconds; undefined for everything. */
function seconds(since: string | undefined): number | undefined {
  if (since === undefined) return undefined;
  if (/^\d{1,10}$/.test(since)) return Number(since);
  throw usage("request.invalid", `'${since}' for since is no number`, "Write it in seconds before now.");
}

function entryJson({ at, actor, action, object, from }: AuditEntry) {
  return { at: isoTime(at), actor, action, object, from: from ?? null };
}
