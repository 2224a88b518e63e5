import { z } from "zod";
import { name, time, wholeNumber } from "../fields.ts";

export const auditQuery = z.object({
  since: z
    .string()
    .regex(/^\d{1,10}$/, "write it in seconds before now")
    .optional()
    .meta(wholeNumber("Maximum age of an entry, in seconds; by default unlimited.", 0, 9_999_999_999)),
  order: z
    .enum(["oldest", "newest"])
    .optional()
    .meta({ description: "The order of entries; by default the oldest first." }),
});
export type AuditQuery = z.input<typeof auditQuery>;

export const auditEntry = z
  .object({
    at: time,
    actor: z
      .string()
      .meta({ examples: ["relay-admin", "tenant-admin 0123456789abcdef", "invite 0123456789abcdef"] }),
    action: z.string().meta({ examples: ["network.create"] }),
    object: z.string().meta({ description: "The name or id of the changed object." }),
    from: z.string().nullable().meta({ description: "The address that the request came from." }),
    request_id: z.string().nullable().meta({ description: "The id of the request, as in its problem." }),
  })
  .meta({ id: "AuditEntry", description: "One change: its actor, action, object, time and source address." });
export type AuditEntry = z.infer<typeof auditEntry>;

export const relayAuditEntry = auditEntry.extend({ tenant: name.nullable() }).meta({ id: "RelayAuditEntry" });
export type RelayAuditEntry = z.infer<typeof relayAuditEntry>;
