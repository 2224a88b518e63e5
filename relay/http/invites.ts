import { Hono } from "hono";
import { z } from "zod";
import { formatAppLink, formatInviteLink } from "../../shared/invite-link.ts";
import type { Invite } from "../tenants/model.ts";
import type { Tenants } from "../tenants/tenants.ts";
import type { ApiEnv } from "./access.ts";
import { body, expiresIn, isoTime, name } from "./body.ts";

const newInvite = z.strictObject({
  network: name,
  uses: z.number().int().min(1).max(1_000_000_000).optional(),
  expires_in: expiresIn.optional(),
});

export interface InvitesApiOptions {
  readonly tenants: Tenants;
  /** Where clients reach the relay; by default where a request says that it is. */
  readonly publicUrl: URL | undefined;
}

/** A tenant's invites. */
export function invitesApi({ tenants, publicUrl }: InvitesApiOptions): Hono<ApiEnv> {
  const api = new Hono<ApiEnv>();
  const invites = "/tenants/:tenant/invites";
  api.post(invites, async (context) => {
    const { network, uses, expires_in } = await body(context, newInvite);
    const tenant = context.req.param("tenant");
    const request = { network, uses, expiresIn: expires_in };
    const { invite, secret } = await tenants.invites.create(tenant, request, context.var.by);
    const link = { relay: publicUrl?.href ?? new URL(context.req.url).origin, tenant, secret };
    const links = { link: formatInviteLink(link), app_link: formatAppLink(link) ?? null };
    context.header("cache-control", "no-store");
    return context.json({ ...inviteJson(invite), ...links }, 201);
  });
  api.get(invites, (context) =>
    context.json(tenants.invites.of(context.req.param("tenant")).map(inviteJson)),
  );
  // With `?devices=true` the devices that came in by it go too.
  api.delete(`${invites}/:invite`, (context) => {
    const { tenant, invite } = context.req.param();
    tenants.invites.revoke(tenant, invite, context.req.query("devices") === "true", context.var.by);
    return context.body(null, 204);
  });
  return api;
}

function inviteJson({ id, network, tenant, uses, used, createdAt, expiresAt }: Invite): object {
  return {
    id,
    network,
    tenant,
    uses,
    used,
    created_at: isoTime(createdAt),
    expires_at: isoTime(expiresAt),
  };
}
