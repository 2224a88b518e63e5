import { type Context, Hono } from "hono";
import { z } from "zod";
import { parseCidr } from "../../shared/frame/cidr.ts";
import { MAX_VNI } from "../../shared/frame/vxlan.ts";
import { PORT_ROLES } from "../../shared/switch/port.ts";
import { settingsChange } from "../../shared/switch/settings.ts";
import type { Hub } from "../hub/hub.ts";
import type { Network, Token } from "../tenants/model.ts";
import { hashSecret } from "../tenants/secret.ts";
import type { Tenants } from "../tenants/tenants.ts";
import { captureApi } from "./capture.ts";
import { liveApi } from "./live.ts";
import { problemResponse } from "./problem.ts";
import { validated } from "./validated.ts";

const name = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    "1 to 63 of a-z, 0-9 and '-', beginning and ending with a letter or digit",
  );

const newTenant = z.strictObject({ name });

const newNetwork = z.strictObject({
  name,
  vni: z.number().int().min(1).max(MAX_VNI).optional(),
  subnet: z
    .string()
    .refine((text) => parseCidr(text) !== undefined, {
      error: (issue) => `'${issue.input}' is not a CIDR like 10.20.0.0/24`,
    })
    .optional(),
  addresses: z.boolean().optional(),
  mtu: z.number().int().min(576).max(65_521).optional(),
  mode: z.enum(["switch", "wire"]).optional(),
  settings: settingsChange.optional(),
});

const changedNetwork = z.strictObject({ settings: settingsChange });

const newToken = z.strictObject({
  network: name,
  /** Those it opens besides. */
  networks: z.array(name).max(64).default([]),
  roles: z.array(z.enum(PORT_ROLES)).default([]),
  name: z.string().max(256).optional(),
  expires_in: z.number().int().positive().optional(),
});

export interface AdminOptions {
  readonly tenants: Tenants;
  readonly hub: Hub;
  /** SHA-256 of the administrator's token, hexadecimal. */
  readonly adminHash: string;
  /** Seconds, never going back: what the forwarding table counts in. */
  readonly clock: () => number;
}

/** The administration API, below `/v1`: tenants, networks, tokens and the forwarding table. */
export function adminApi({ tenants, hub, adminHash, clock }: AdminOptions): Hono {
  const api = new Hono();

  api.use(async (context, next) => {
    const secret = bearer(context.req.header("authorization"));
    if (secret === undefined || (await hashSecret(secret)) !== adminHash) {
      return problemResponse(
        401,
        "admin.refused",
        "the administrator's token is missing or wrong",
        "Name its file with --admin-token-file, or set LANEWAY_ADMIN_TOKEN.",
      );
    }
    return await next();
  });

  api.post("/tenants", async (context) => {
    const { name } = await body(context, newTenant);
    return context.json(tenants.createTenant(name), 201);
  });
  api.get("/tenants", (context) => context.json(tenants.tenants()));
  api.delete("/tenants/:tenant", (context) => {
    tenants.deleteTenant(context.req.param("tenant"));
    return context.body(null, 204);
  });

  const networks = "/tenants/:tenant/networks";
  api.post(networks, async (context) => {
    const request = await body(context, newNetwork);
    return context.json(networkJson(tenants.createNetwork(context.req.param("tenant"), request)), 201);
  });
  api.get(networks, (context) =>
    context.json(tenants.networks(context.req.param("tenant")).map(networkJson)),
  );
  api.get(`${networks}/:network`, (context) => {
    const { tenant, network } = context.req.param();
    return context.json(networkJson(tenants.network(tenant, network)));
  });
  api.delete(`${networks}/:network`, (context) => {
    const { tenant, network } = context.req.param();
    tenants.deleteNetwork(tenant, network);
    return context.body(null, 204);
  });
  api.patch(`${networks}/:network`, async (context) => {
    const { tenant, network } = context.req.param();
    const { settings } = await body(context, changedNetwork);
    return context.json(networkJson(tenants.changeSettings(tenant, network, settings)));
  });
  api.route("/", liveApi({ tenants, hub, clock }));
  api.route("/", captureApi({ tenants, hub }));

  const tokens = "/tenants/:tenant/tokens";
  api.post(tokens, async (context) => {
    const { network, networks, roles, name, expires_in } = await body(context, newToken);
    const request = { networks: [network, ...networks], roles, name, expiresIn: expires_in };
    const { token, secret } = await tenants.createToken(context.req.param("tenant"), request);
    return context.json({ ...tokenJson(token), token: secret }, 201);
  });
  api.get(tokens, (context) => context.json(tenants.tokens(context.req.param("tenant")).map(tokenJson)));
  api.delete(`${tokens}/:token`, (context) => {
    const { tenant, token } = context.req.param();
    tenants.revokeToken(tenant, token);
    return context.body(null, 204);
  });
  return api;
}

/** What stands behind `Bearer` in an Authorization header; undefined where it is absent or of another scheme. */
export function bearer(header: string | undefined): string | undefined {
  const match = /^Bearer(?: +(.*))?$/i.exec(header?.trim() ?? "");
  return match === null ? undefined : (match[1] ?? "");
}

async function body<Schema extends z.ZodType>(context: Context, schema: Schema): Promise<z.infer<Schema>> {
  const json: unknown = await context.req.json().catch(() => undefined);
  return validated(json, schema);
}

function networkJson({ name, tenant, vni, group, mtu, subnet, addresses, mode, settings }: Network): object {
  return { name, tenant, vni, group, mtu, subnet: subnet ?? null, addresses, mode, settings };
}

function tokenJson({ id, networks, roles, tenant, name, createdAt, expiresAt }: Token): object {
  return {
    id,
    network: networks[0],
    networks,
    roles,
    tenant,
    name: name ?? null,
    created_at: isoTime(createdAt),
    expires_at: isoTime(expiresAt),
  };
}

function isoTime(seconds: number | undefined): string | null {
  return seconds === undefined ? null : new Date(seconds * 1_000).toISOString();
}
