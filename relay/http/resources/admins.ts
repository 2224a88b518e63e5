import {
  type Admin as AdminJson,
  admin,
  madeAdmin,
  me,
  newAdmin,
} from "../../../shared/api/resources/admin.ts";
import type { Admin } from "../../model/model.ts";
import { isoTime } from "../kernel/iso-time.ts";
import { type Operation, operation } from "../kernel/operation.ts";
import { BY_TIME } from "../kernel/orders.ts";
import { listOperation } from "../kernel/paging.ts";
import type { TenantsApiOptions } from "./tenants.ts";

const tag = "administrators";

/** Returns the operations on a tenant's administrators; only the relay's administrator may use them. */
export function adminOperations({ tenants }: TenantsApiOptions): Operation[] {
  const path = "/v1/tenants/{tenant}/admins";
  const audience = "relay-administrator";
  return [
    operation({
      id: "showMe",
      tag,
      summary: "Show the owner of the token",
      method: "get",
      path: "/v1/me",
      answer: me,
      handle({ context }) {
        const { admin } = context.var;
        return {
          role: admin === undefined ? ("relay-admin" as const) : ("tenant-admin" as const),
          tenant: admin?.tenant ?? null,
          id: admin?.id ?? null,
          name: admin?.name ?? null,
          expires_at: isoTime(admin?.expiresAt),
        };
      },
    }),
    operation({
      id: "createAdmin",
      tag,
      summary: "Create an administrator of a tenant",
      method: "post",
      path,
      audience,
      body: newAdmin,
      creates: true,
      answer: madeAdmin,
      async handle({ params, body, context }) {
        const request = { name: body.name, expiresIn: body.expires_in };
        const made = await tenants.admins.create(params.tenant, request, context.var.by);
        return { ...adminJson(made.admin), token: made.secret };
      },
    }),
    listOperation({
      id: "listAdmins",
      tag,
      summary: "List a tenant's administrators",
      path,
      audience,
      row: admin,
      order: BY_TIME,
      rows: ({ params }, part) => tenants.admins.of(params.tenant, part),
      show: adminJson,
    }),
    operation({
      id: "revokeAdmin",
      tag,
      summary: "Remove an administrator of a tenant",
      description: "Its captures end at once.",
      method: "delete",
      path: "/v1/tenants/{tenant}/admins/{admin}",
      audience,
      errors: { 404: ["admin.unknown"] },
      handle: ({ params, context }) => tenants.admins.revoke(params.tenant, params.admin, context.var.by),
    }),
  ];
}

function adminJson({ id, tenant, name, createdAt, expiresAt }: Admin): AdminJson {
  return {
    id,
    tenant,
    name: name ?? null,
    created_at: isoTime(createdAt),
    expires_at: isoTime(expiresAt),
  };
}
