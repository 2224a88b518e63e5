import type { MiddlewareHandler } from "hono";
import type { Tenants } from "../../tenants/tenants.ts";
import type { ApiEnv } from "./access.ts";

/** Methods that change nothing (RFC 9110 section 9.2.1). */
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Reads that are recorded in the audit log. */
const AUDITED = /\/capture$/;

/**
 * Counts the changes of a tenant's administrators against the tenant's limit. Must run after `access`. The relay's
 * administrator is not limited.
 */
export function changeRate({ changes }: Pick<Tenants, "changes">): MiddlewareHandler<ApiEnv> {
  return async (context, next) => {
    const { method, path } = context.req;
    const { tenantOnly } = context.var;
    const isChange = !SAFE.has(method) || AUDITED.test(path);
    if (isChange && tenantOnly !== undefined) changes.demand(tenantOnly, "change");
    return await next();
  };
}
