import { usage } from "../../../shared/api/resources/usage.ts";
import type { Hub } from "../../hub/hub.ts";
import { unknown } from "../../model/faults.ts";
import { type Operation, operation } from "../kernel/operation.ts";
import type { TenantsApiOptions } from "../resources/tenants.ts";

export interface UsageApiOptions extends TenantsApiOptions {
  readonly hub: Hub;
}

/** Returns the operation that reports a tenant's usage against its limits. */
export function usageOperations({ tenants, hub }: UsageApiOptions): Operation[] {
  return [
    operation({
      id: "showUsage",
      tag: "limits",
      summary: "Show a tenant's usage",
      description: "Covers the limits on counts, not the limits on rates.",
      method: "get",
      path: "/v1/tenants/{tenant}/usage",
      answer: usage,
      handle({ params: { tenant } }) {
        if (!tenants.has(tenant)) throw unknown("tenant", tenant);
        return { ...tenants.usageOf(tenant), ...hub.usageOf(tenant) };
      },
    }),
  ];
}
