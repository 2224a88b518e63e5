import type { Tenants } from "../../tenants/tenants.ts";
import { type Operation, operation } from "../kernel/operation.ts";

const MEDIA_TYPE = "application/vnd.sqlite3";

export interface BackupOptions {
  readonly tenants: Tenants;
  /** Returns a complete copy of the store. */
  readonly backup: () => Uint8Array<ArrayBuffer>;
}

/** Returns the operation that downloads the whole store as one file, for the relay's administrator. */
export function backupOperations({ tenants, backup }: BackupOptions): Operation[] {
  return [
    operation({
      id: "backUp",
      tag: "relay",
      summary: "Download a backup of the relay",
      description: "A SQLite database that `laneway restore` restores. It contains secrets only as hashes.",
      method: "get",
      path: "/v1/backup",
      audience: "relay-administrator",
      errors: { 507: ["store.full"] },
      responses: { 200: { description: "The database.", content: { [MEDIA_TYPE]: {} } } },
      handle({ context }) {
        const change = { tenant: undefined, by: context.var.by, action: "backup.create", object: "relay" };
        tenants.audit.note(change);
        return new Response(backup(), {
          headers: {
            "content-type": MEDIA_TYPE,
            "content-disposition": 'attachment; filename="laneway-backup.db"',
          },
        });
      },
    }),
  ];
}
