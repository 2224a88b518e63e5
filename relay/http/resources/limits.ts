import { z } from "zod";
import { unknown } from "../../model/faults.ts";
import {
  DEFAULT_LIMITS,
  INHERIT,
  LIMIT_NAMES,
  type LimitName,
  NETWORK_LIMIT_NAMES,
  type NetworkLimitsChange,
  type TenantLimits,
} from "../../tenants/limits.ts";
import { type Operation, operation } from "../kernel/operation.ts";
import type { TenantsApiOptions } from "./tenants.ts";

const tag = "limits";

const limit = z.number().int().min(0).max(1_000_000_000_000).nullable();

const limits = z
  .object(
    ofEach(LIMIT_NAMES, (name) =>
      limit.meta({ description: `${DEFAULT_LIMITS[name] ?? "null"} unless it is changed.` }),
    ),
  )
  .meta({ id: "Limits", description: "How much a tenant may have; null is without a limit." });

const changes = z
  .strictObject(ofEach(LIMIT_NAMES, () => limit.optional()))
  .meta({ id: "LimitsChange", description: "Those not named stay." });

const networkLimits = z
  .object(ofEach(NETWORK_LIMIT_NAMES, () => limit))
  .meta({ id: "NetworkLimits", description: "How much a network may have; null is without a limit." });

const networkChanges = z
  .strictObject(ofEach(NETWORK_LIMIT_NAMES, () => z.union([limit, z.literal(INHERIT)]).optional()))
  .meta({
    id: "NetworkLimitsChange",
    description: `Those not named stay; \`${INHERIT}\` is what the tenant has for each network.`,
  });

/** How much a tenant may have, and each of its networks. */
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
      summary: "Show how much a tenant may have",
      method: "get",
      path,
      answer: limits,
      handle: ({ params }) => tenants.limits.of(demand(params.tenant)),
    }),
    operation({
      id: "changeLimits",
      tag,
      summary: "Change how much a tenant may have",
      method: "patch",
      path,
      audience: "relay-administrator",
      body: changes,
      answer: limits,
      handle: ({ params, body, context }) =>
        tenants.limits.change(demand(params.tenant), body as Partial<TenantLimits>, context.var.by),
    }),
    operation({
      id: "showNetworkLimits",
      tag,
      summary: "Show how much a network may have",
      method: "get",
      path: below,
      answer: networkLimits,
      errors: { 404: ["network.unknown"] },
      handle: ({ params }) => tenants.limits.in(tenants.network(params.tenant, params.network)),
    }),
    operation({
      id: "changeNetworkLimits",
      tag,
      summary: "Change how much a network may have",
      description: "In place of what its tenant has for each network.",
      method: "patch",
      path: below,
      audience: "relay-administrator",
      body: networkChanges,
      answer: networkLimits,
      errors: { 404: ["network.unknown"] },
      handle({ params, body, context }) {
        const network = tenants.network(params.tenant, params.network);
        return tenants.limits.changeIn(network, body as NetworkLimitsChange, context.var.by);
      },
    }),
  ];
}

function ofEach<Name extends LimitName, Schema extends z.ZodType>(
  names: readonly Name[],
  schemaOf: (name: Name) => Schema,
): Record<Name, Schema> {
  return Object.fromEntries(names.map((name) => [name, schemaOf(name)])) as Record<Name, Schema>;
}
