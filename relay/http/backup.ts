import { Hono } from "hono";
import type { Tenants } from "../tenants/tenants.ts";
import { type ApiEnv, demandRelayAdmin } from "./access.ts";

export interface BackupOptions {
  readonly tenants: Tenants;
  /** A whole copy of the store. */
  readonly backup: () => Uint8Array<ArrayBuffer>;
}

/** The whole store as one file, for the relay's administrator. */
export function backupApi({ tenants, backup }: BackupOptions): Hono<ApiEnv> {
  const api = new Hono<ApiEnv>();
  api.get("/backup", (context) => {
    demandRelayAdmin(context);
    const change = { tenant: undefined, by: context.var.by, action: "backup.create", object: "relay" };
    tenants.audit.note(change);
    return new Response(backup(), {
      headers: {
        "content-type": "application/vnd.sqlite3",
        "content-disposition": 'attachment; filename="laneway-backup.db"',
        "cache-control": "no-store",
      },
    });
  });
  return api;
}
