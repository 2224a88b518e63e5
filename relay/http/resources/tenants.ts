import { newTenant, tenant } from "../../../shared/api/resources/tenant.ts";
import type { Tenants } from "../../tenants/tenants.ts";
import { type Operation, operation } from "../kernel/operation.ts";
import { BY_NAME } from "../kernel/orders.ts";
import { listOperation } from "../kernel/paging.ts";

const tag = "tenants";

export interface TenantsApiOptions {
  readonly tenants: Tenants;
}

/** Returns the operations on tenants. */
export function tenantOperations({ tenants }: TenantsApiOptions): Operation[] {
  return [
    operation({
      id: "createTenant",
      tag,
      summary: "Create a tenant",
      method: "post",
      path: "/v1/tenants",
      audience: "relay-administrator",
      body: newTenant,
      creates: true,
      answer: tenant,
      errors: { 409: ["tenant.taken"] },
      handle: ({ body, context }) => tenants.createTenant(body.name, context.var.by),
    }),
    listOperation({
      id: "listTenants",
      tag,
      summary: "List tenants",
      description: "A tenant's administrator sees only its own tenant.",
      path: "/v1/tenants",
      row: tenant,
      order: BY_NAME,
      rows({ context }, part) {
        const { tenantOnly: own } = context.var;
        if (own === undefined) return tenants.tenants(part);
        return part.after === undefined || part.after < own ? [{ name: own }] : [];
      },
      show: ({ name }) => ({ name }),
    }),
    operation({
      id: "deleteTenant",
      tag,
      summary: "Delete a tenant and everything in it",
      description: "Its sessions end at once with 4003.",
      method: "delete",
      path: "/v1/tenants/{tenant}",
      audience: "relay-administrator",
      handle: ({ params, context }) => tenants.deleteTenant(params.tenant, context.var.by),
    }),
  ];
}
