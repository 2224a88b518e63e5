import { Hono } from "hono";
import { z } from "zod";
import { parseAddress } from "../../shared/frame/address.ts";
import { parseCidr } from "../../shared/frame/cidr.ts";
import { MAX_VNI } from "../../shared/frame/vxlan.ts";
import { PORT_ROLES } from "../../shared/switch/port.ts";
import { settingsChange } from "../../shared/switch/settings.ts";
import type { Hub } from "../hub/hub.ts";
import type { Network, Token } from "../tenants/model.ts";
import { type AccessOptions, type ApiEnv, access, demandRelayAdmin } from "./access.ts";
import { addressesApi } from "./addresses.ts";
import { adminsApi } from "./admins.ts";
import { auditApi } from "./audit.ts";
import { type BackupOptions, backupApi } from "./backup.ts";
import { body, expiresIn, isoTime, name } from "./body.ts";
import { captureApi } from "./capture.ts";
import { devicesApi } from "./devices.ts";
import { invitesApi } from "./invites.ts";
import { limitsApi } from "./limits.ts";
import { liveApi } from "./live.ts";

/** A group that may carry a network: not one of 224.0.0.0/24, which stay on a link of their own (RFC 5771 section 4). */
function isGroupAddress(text: string): boolean {
  const address = parseAddress(text);
  if (typeof address === "bigint") return address >> 120n === 0xffn;
  return address !== undefined && address >>> 28 === 0xe && address >>> 8 !== 0xe00000;
}

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
  group: z
    .string()
    .refine(isGroupAddress, {
      error: (issue) => `'${issue.input}' is not a multicast address like 239.1.1.101`,
    })
    .optional(),
  mtu: z.number().int().min(576).max(65_521).optional(),
  mode: z.enum(["switch", "wire"]).optional(),
  settings: settingsChange.optional(),
});

const changedNetwork = z.strictObject({ settings: settingsChange });

const newToken = z
  .strictObject({
    network: name.optional(),
    /** Those it opens besides. */
    networks: z.array(name).max(64).default([]),
    /** Every network of the tenant, also those to come, in place of some. */
    all_networks: z.literal(true).optional(),
    roles: z.array(z.enum(PORT_ROLES)).default([]),
    name: z.string().max(256).optional(),
    expires_in: expiresIn.optional(),
  })
  .refine(
    ({ network, networks, all_networks }) =>
      all_networks ? network === undefined && networks.length === 0 : network !== undefined,
    "name a network, or have all_networks instead",
  );

export interface AdminOptions extends AccessOptions, BackupOptions {
  readonly hub: Hub;
  /** Where clients reach the relay; by default where a request says that it is. */
  readonly publicUrl: URL | undefined;
  /** Seconds, never going back: what the forwarding table counts in. */
  readonly clock: () => number;
}

/** The administration API, below `/v1`: tenants and everything that is theirs. */
export function adminApi(options: AdminOptions): Hono<ApiEnv> {
  const { tenants, hub, clock } = options;
  const api = new Hono<ApiEnv>();

  api.use(access(options));

  api.post("/tenants", async (context) => {
    const { name } = await body(context, newTenant);
    return context.json(tenants.createTenant(name, context.var.by), 201);
  });
  api.get("/tenants", (context) => {
    const { tenantOnly } = context.var;
    const shown = tenants.tenants().filter(({ name }) => tenantOnly === undefined || tenantOnly === name);
    return context.json(shown);
  });
  api.delete("/tenants/:tenant", (context) => {
    tenants.deleteTenant(context.req.param("tenant"), context.var.by);
    return context.body(null, 204);
  });

  const networks = "/tenants/:tenant/networks";
  api.post(networks, async (context) => {
    const request = await body(context, newNetwork);
    // Which numbers are taken would tell of other tenants.
    if (request.vni !== undefined) demandRelayAdmin(context);
    const network = tenants.createNetwork(context.req.param("tenant"), request, context.var.by);
    return context.json(networkJson(network), 201);
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
    tenants.deleteNetwork(tenant, network, context.var.by);
    return context.body(null, 204);
  });
  api.patch(`${networks}/:network`, async (context) => {
    const { tenant, network } = context.req.param();
    const { settings } = await body(context, changedNetwork);
    return context.json(networkJson(tenants.changeSettings(tenant, network, settings, context.var.by)));
  });
  api.route("/", liveApi({ tenants, hub, clock }));
  api.route("/", captureApi({ tenants, hub }));

  const tokens = "/tenants/:tenant/tokens";
  api.post(tokens, async (context) => {
    const { network, networks, roles, name, expires_in } = await body(context, newToken);
    const named = network === undefined ? undefined : [network, ...networks];
    const request = { networks: named, roles, name, expiresIn: expires_in };
    const tenant = context.req.param("tenant");
    const { token, secret } = await tenants.createToken(tenant, request, context.var.by);
    return context.json({ ...tokenJson(token), token: secret }, 201);
  });
  api.get(tokens, (context) => context.json(tenants.tokens(context.req.param("tenant")).map(tokenJson)));
  api.delete(`${tokens}/:token`, (context) => {
    const { tenant, token } = context.req.param();
    tenants.revokeToken(tenant, token, context.var.by);
    return context.body(null, 204);
  });

  api.route("/", adminsApi(tenants));
  api.route("/", invitesApi(options));
  api.route("/", devicesApi(tenants, hub));
  api.route("/", addressesApi(tenants));
  api.route("/", limitsApi(tenants));
  api.route("/", auditApi(tenants));
  api.route("/", backupApi(options));
  return api;
}

function networkJson({ name, tenant, vni, group, mtu, subnet, addresses, mode, settings }: Network): object {
  return { name, tenant, vni, group, mtu, subnet: subnet ?? null, addresses, mode, settings };
}

function tokenJson({ id, networks, allNetworks, roles, tenant, name, createdAt, expiresAt }: Token): object {
  return {
    id,
    network: networks[0] ?? null,
    networks,
    all_networks: allNetworks,
    roles,
    tenant,
    name: name ?? null,
    created_at: isoTime(createdAt),
    expires_at: isoTime(expiresAt),
  };
}
