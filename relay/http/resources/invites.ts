import { formatAppLink, formatInviteLink } from "../../../shared/api/invite-link.ts";
import {
  type Invite as InviteJson,
  invite,
  inviteRevocation,
  madeInvite,
  newInvite,
} from "../../../shared/api/resources/invite.ts";
import { Fault } from "../../../shared/values/fault.ts";
import type { Invite } from "../../model/model.ts";
import { isoTime } from "../kernel/iso-time.ts";
import { type Operation, operation } from "../kernel/operation.ts";
import { BY_TIME } from "../kernel/orders.ts";
import { listOperation } from "../kernel/paging.ts";
import type { TenantsApiOptions } from "./tenants.ts";

const tag = "invites";

/** Returns the operations on a tenant's invites. */
export function inviteOperations({ tenants }: TenantsApiOptions): Operation[] {
  const path = "/v1/tenants/{tenant}/invites";
  return [
    operation({
      id: "createInvite",
      tag,
      summary: "Create an invite",
      method: "post",
      path,
      body: newInvite,
      creates: true,
      answer: madeInvite,
      errors: { 404: ["network.unknown"], 409: ["limit.invites", "invite.no-url"] },
      async handle({ params: { tenant }, body, context }) {
        const { base, doubt } = context.env.reachedAt;
        // Refused here because the recipient of a broken link could not repair it.
        if (doubt !== undefined) throw new Fault({ code: "invite.no-url", ...doubt });
        const { network, uses, macs, expires_in } = body;
        const request = { network, uses, macs, expiresIn: expires_in };
        const { invite, secret } = await tenants.invites.create(tenant, request, context.var.by);
        const link = { relay: base, tenant, secret };
        const links = { link: formatInviteLink(link), app_link: formatAppLink(link) ?? null };
        return { ...inviteJson(invite), ...links };
      },
    }),
    listOperation({
      id: "listInvites",
      tag,
      summary: "List a tenant's invites",
      description: "Includes used-up and expired invites, but not revoked ones.",
      path,
      row: invite,
      order: BY_TIME,
      rows: ({ params }, part) => tenants.invites.of(params.tenant, part),
      show: inviteJson,
    }),
    operation({
      id: "revokeInvite",
      tag,
      summary: "Revoke an invite",
      description:
        "Also revokes the devices that enrolled by it, and ends their sessions at once, unless `devices` is `false`.",
      method: "delete",
      path: "/v1/tenants/{tenant}/invites/{invite}",
      query: inviteRevocation,
      errors: { 404: ["invite.unknown"] },
      handle({ params, query, context }) {
        const { tenant, invite } = params;
        tenants.invites.revoke(tenant, invite, query.devices === "false", context.var.by);
      },
    }),
  ];
}

function inviteJson(one: Invite): InviteJson {
  const { id, network, tenant, uses, used, macs, createdAt, expiresAt } = one;
  return {
    id,
    network,
    tenant,
    uses,
    used,
    macs: macs ?? null,
    created_at: isoTime(createdAt),
    expires_at: isoTime(expiresAt),
  };
}
