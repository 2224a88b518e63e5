import { z } from "zod";
import { unknown } from "../../model/faults.ts";
import type { AuditEntry } from "../../model/model.ts";
import type { NumberedEntry } from "../../store/tables/audit-table.ts";
import { isoTime, name, time, wholeNumber } from "../kernel/body.ts";
import type { Operation } from "../kernel/operation.ts";
import { listOperation, type Order } from "../kernel/paging.ts";
import type { TenantsApiOptions } from "./tenants.ts";

const tag = "audit";

const query = z.object({
  since: z
    .string()
    .regex(/^\d{1,10}$/, "write it in seconds before now")
    .optional()
    .meta(wholeNumber("How far back, in seconds; everything unless it is said.", 0, 9_999_999_999)),
  order: z
    .enum(["oldest", "newest"])
    .optional()
    .meta({ description: "What comes first; the oldest unless it is said." }),
});

const entry = z
  .object({
    at: time,
    actor: z
      .string()
      .meta({ examples: ["relay-admin", "tenant-admin 0123456789abcdef", "invite 0123456789abcdef"] }),
    action: z.string().meta({ examples: ["network.create"] }),
    object: z.string().meta({ description: "The name or id of what it was done to." }),
    from: z.string().nullable().meta({ description: "The address that they came from." }),
  })
  .meta({ id: "AuditEntry", description: "Who did what to what, when and from where." });

const relayEntry = entry.extend({ tenant: name.nullable() }).meta({ id: "RelayAuditEntry" });

/** A tenant's entries have numbers of their own: numbers of the whole relay would tell it how busy others are. */
const inTenant: Order<NumberedEntry, number> = { schema: z.number(), of: ({ number }) => number };
const inRelay: Order<NumberedEntry, number> = { schema: z.number(), of: ({ id }) => id };

/** Who did what: in one tenant, or in the whole relay. */
export function auditOperations({ tenants }: TenantsApiOptions): Operation[] {
  const asked = ({ since, order }: z.output<typeof query>) => ({
    since: since === undefined ? undefined : Number(since),
    newest: order === "newest",
  });
  return [
    listOperation({
      id: "listAuditEntries",
      tag,
      summary: "List who did what in a tenant",
      path: "/v1/tenants/{tenant}/audit",
      query,
      row: entry,
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
      summary: "List who did what in the whole relay",
      path: "/v1/audit",
      audience: "relay-administrator",
      query,
      row: relayEntry,
      order: inRelay,
      rows: ({ query }, part) => tenants.audit.entries({ tenant: undefined, ...asked(query), ...part }),
      show: (one) => ({ ...entryJson(one), tenant: one.tenant ?? null }),
    }),
  ];
}

function entryJson({ at, actor, action, object, from }: AuditEntry): z.input<typeof entry> {
  return { at: isoTime(at), actor, action, object, from: from ?? null };
}
