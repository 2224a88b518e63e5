import { madeToken, newToken, type Token as TokenJson, token } from "../../../shared/api/resources/token.ts";
import type { Token } from "../../model/model.ts";
import { isoTime } from "../kernel/iso-time.ts";
import { type Operation, operation } from "../kernel/operation.ts";
import { BY_TIME } from "../kernel/orders.ts";
import { listOperation } from "../kernel/paging.ts";
import type { TenantsApiOptions } from "./tenants.ts";

const tag = "tokens";

/** Returns the operations on a tenant's access tokens. */
export function tokenOperations({ tenants }: TenantsApiOptions): Operation[] {
  const path = "/v1/tenants/{tenant}/tokens";
  return [
    operation({
      id: "createToken",
      tag,
      summary: "Create an access token",
      method: "post",
      path,
      body: newToken,
      creates: true,
      answer: madeToken,
      errors: { 404: ["network.unknown"], 409: ["limit.tokens"] },
      async handle({ params, body, context }) {
        const { network, networks, roles, macs, name, expires_in } = body;
        const named = network === undefined ? undefined : [network, ...networks];
        const request = { networks: named, roles, macs, name, expiresIn: expires_in };
        const made = await tenants.createToken(params.tenant, request, context.var.by);
        return { ...tokenJson(made.token), token: made.secret };
      },
    }),
    listOperation({
      id: "listTokens",
      tag,
      summary: "List a tenant's access tokens",
      path,
      row: token,
      order: BY_TIME,
      rows: ({ params }, part) => tenants.tokens(params.tenant, part),
      show: tokenJson,
    }),
    operation({
      id: "revokeToken",
      tag,
      summary: "Revoke an access token",
      description: "Its sessions end at once with 4003.",
      method: "delete",
      path: "/v1/tenants/{tenant}/tokens/{token}",
      errors: { 404: ["token.unknown"] },
      handle: ({ params, context }) => tenants.revokeToken(params.tenant, params.token, context.var.by),
    }),
  ];
}

function tokenJson(one: Token): TokenJson {
  const { id, networks, allNetworks, roles, macs, tenant, name, createdAt, expiresAt } = one;
  return {
    id,
    network: networks[0] ?? null,
    networks: [...networks],
    all_networks: allNetworks,
    roles: [...roles],
    macs: macs ?? null,
    tenant,
    name: name ?? null,
    created_at: isoTime(createdAt),
    expires_at: isoTime(expiresAt),
  };
}
