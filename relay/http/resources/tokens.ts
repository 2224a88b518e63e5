import { z } from "zod";
import { PORT_ROLES } from "../../../shared/switch/port.ts";
import type { Token } from "../../model/model.ts";
import { expiresIn, isoTime, macs, name, note, time } from "../kernel/body.ts";
import { type Operation, operation } from "../kernel/operation.ts";
import { BY_TIME } from "../kernel/orders.ts";
import { listOperation } from "../kernel/paging.ts";
import type { TenantsApiOptions } from "./tenants.ts";

const tag = "tokens";

const role = z.enum(PORT_ROLES);

const newToken = z
  .strictObject({
    network: name.optional().meta({ description: "The network that it opens." }),
    networks: z.array(name).max(64).default([]).meta({ description: "Those that it opens besides." }),
    all_networks: z
      .literal(true)
      .optional()
      .meta({ description: "Every network of the tenant, also those to come, in place of some." }),
    roles: z
      .array(role)
      .default([])
      .meta({ description: "What the machines behind it may be to others, where a network guards that." }),
    macs: macs.optional(),
    name: note.optional(),
    expires_in: expiresIn.optional(),
  })
  .refine(
    ({ network, networks, all_networks }) =>
      all_networks ? network === undefined && networks.length === 0 : network !== undefined,
    "name a network, or have all_networks instead",
  )
  .meta({ id: "NewToken", description: "Names a `network`, or has `all_networks` instead." });

const token = z
  .object({
    id: z.string(),
    network: name.nullable().meta({ description: "The first of `networks`; null where it opens all." }),
    networks: z.array(name),
    all_networks: z.boolean(),
    roles: z.array(role),
    macs: z
      .int()
      .nullable()
      .meta({ description: "MAC addresses of each session; null where the limits say." }),
    tenant: name,
    name: z.string().nullable(),
    created_at: time,
    expires_at: time.nullable(),
  })
  .meta({ id: "Token", description: "An access token: opens networks, any number of sessions at once." });

const madeToken = token
  .extend({ token: z.string().meta({ description: "The token itself: shown this once, kept nowhere." }) })
  .meta({ id: "MadeToken" });

/** A tenant's access tokens. */
export function tokenOperations({ tenants }: TenantsApiOptions): Operation[] {
  const path = "/v1/tenants/{tenant}/tokens";
  return [
    operation({
      id: "createToken",
      tag,
      summary: "Make an access token",
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
      summary: "Withdraw an access token",
      description: "Its sessions end at once, with 4003.",
      method: "delete",
      path: "/v1/tenants/{tenant}/tokens/{token}",
      errors: { 404: ["token.unknown"] },
      handle: ({ params, context }) => tenants.revokeToken(params.tenant, params.token, context.var.by),
    }),
  ];
}

function tokenJson(one: Token): z.input<typeof token> {
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
