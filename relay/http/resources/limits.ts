import {
  limits,
  limitsChange,
  type NetworkLimitsChange,
  networkLimits,
  networkLimitsChange,
  type TenantLimits,
} from "../../../shared/api/resources/limits.ts";
import { unknown } from "../../model/faults.ts";
import { type Operation, operation } from "../kernel/operation.ts";
import type { TenantsApiOptions } from "./tenants.ts";

const tag = "limits";

/** Returns the operations on the limits of a tenant and of its networks. */
export function limitOperations({ tenants }: TenantsApiOptions): Operation[] {
  const path = "/v1/tenants/{tenant}/limits";
  const below = "/v1/tenants/{tenant}/networks/{network}/limits";
  const demand = (tenant: string) => {
    if (!tenants.has(tenant)) throw unknown("tenant", tenant);
    return tenant;
  };
  return [
    operation({
      id: "showLimits",
      tag,
      summary: "Show a tenant's limits",
      method: "get",
      path,
      answer: limits,
      handle: ({ params }) => tenants.limits.of(demand(params.tenant)),
    }),
    operation({
      id: "changeLimits",
      tag,
      summary: "Change a tenant's limits",
      method: "patch",
      path,
      audience: "relay-administrator",
      body: limitsChange,
      answer: limits,
      handle: ({ params, body, context }) =>
        tenants.limits.change(demand(params.tenant), body as Partial<TenantLimits>, context.var.by),
    }),
    operation({
      id: "showNetworkLimits",
      tag,
      summary: "Show a network's limits",
      method: "get",
      path: below,
      answer: networkLimits,
      errors: { 404: ["network.unknown"] },
      handle: ({ params }) => tenants.limits.in(tenants.network(params.tenant, params.network)),
    }),
    operation({
      id: "changeNetworkLimits",
      tag,
      summary: "Change a network's limits",
      description: "They replace the tenant's limits for each network.",
      method: "patch",
      path: below,
      audience: "relay-administrator",
      body: networkLimitsChange,
      answer: networkLimits,
      errors: { 404: ["network.unknown"] },
      handle({ params, body, context }) {
        const network = tenants.network(params.tenant, params.network);
        return tenants.limits.changeIn(network, body as NetworkLimitsChange, context.var.by);
      },
    }),
  ];
}
