import { z } from "zod";
import {
  type AuditEntry as AuditEntryJson,
  type AuditQuery,
  auditEntry,
  auditQuery,
  relayAuditEntry,
} from "../../../shared/api/resources/audit.ts";
import { unknown } from "../../model/faults.ts";
import type { AuditEntry } from "../../model/model.ts";
import type { NumberedEntry } from "../../store/tables/audit-table.ts";
import { isoTime } from "../kernel/iso-time.ts";
import type { Operation } from "../kernel/operation.ts";
import { listOperation, type Order } from "../kernel/paging.ts";
import type { TenantsApiOptions } from "./tenants.ts";

const tag = "audit";

/** Numbers count within the tenant, because shared numbers would reveal other tenants' activity. */
const inTenant: Order<NumberedEntry, number> = { schema: z.number(), of: ({ number }) => number };
const inRelay: Order<NumberedEntry, number> = { schema: z.number(), of: ({ id }) => id };

/** Returns the operations on the audit logs of a tenant and of the whole relay. */
export function auditOperations({ tenants }: TenantsApiOptions): Operation[] {
  const asked = ({ since, order }: AuditQuery) => ({
    since: since === undefined ? undefined : Number(since),
    newest: order === "newest",
  });
  return [
    listOperation({
      id: "listAuditEntries",
      tag,
      summary: "List a tenant's audit log",
      path: "/v1/tenants/{tenant}/audit",
      query: auditQuery,
      row: auditEntry,
      order: inTenant,
      rows({ params: { tenant }, query }, part) {
        if (!tenants.has(tenant)) throw unknown("tenant", tenant);
        return tenants.audit.entries({ tenant, ...asked(query), ...part });
      },
      show: entryJson,
    }),
    listOperation({
      id: "listRelayAuditEntries",
      tag,
      summary: "List the whole relay's audit log",
      path: "/v1/audit",
      audience: "relay-administrator",
      query: auditQuery,
      row: relayAuditEntry,
      order: inRelay,
      rows: ({ query }, part) => tenants.audit.entries({ tenant: undefined, ...asked(query), ...part }),
      show: (one) => ({ ...entryJson(one), tenant: one.tenant ?? null }),
    }),
  ];
}

function entryJson({ at, actor, action, object, from, request }: AuditEntry): AuditEntryJson {
  return { at: isoTime(at), actor, action, object, from: from ?? null, request_id: request ?? null };
}
