import type { Logger } from "pino";
import type { Hub } from "../hub/hub.ts";
import type { UnderlayPorts } from "../hub/ports/underlay-ports.ts";
import type { Operation } from "./kernel/operation.ts";
import { captureOperations } from "./observation/capture.ts";
import { fdbOperations } from "./observation/fdb.ts";
import { liveOperations } from "./observation/live.ts";
import { noticeOperations } from "./observation/notices.ts";
import { usageOperations } from "./observation/usage.ts";
import { addressOperations } from "./resources/addresses.ts";
import { adminOperations } from "./resources/admins.ts";
import { auditOperations } from "./resources/audit.ts";
import { type BackupOptions, backupOperations } from "./resources/backup.ts";
import { deviceOperations } from "./resources/devices.ts";
import { inviteOperations } from "./resources/invites.ts";
import { limitOperations } from "./resources/limits.ts";
import { networkOperations } from "./resources/networks.ts";
import { portOperations } from "./resources/ports.ts";
import { tenantOperations } from "./resources/tenants.ts";
import { tokenOperations } from "./resources/tokens.ts";

export interface AdministrationOptions extends BackupOptions {
  readonly hub: Hub;
  readonly log: Logger;
  readonly ports: UnderlayPorts;
  /** Returns monotonic seconds, the time base of the forwarding table. */
  readonly clock: () => number;
}

/** Returns the operations of administrators: on tenants and on everything that belongs to them. */
export function administration(options: AdministrationOptions): Operation[] {
  return [
    ...tenantOperations(options),
    ...networkOperations(options),
    ...fdbOperations(options),
    ...liveOperations(options),
    ...captureOperations(options),
    ...portOperations(options),
    ...addressOperations(options),
    ...tokenOperations(options),
    ...inviteOperations(options),
    ...deviceOperations(options),
    ...adminOperations(options),
    ...limitOperations(options),
    ...usageOperations(options),
    ...noticeOperations(options),
    ...auditOperations(options),
    ...backupOperations(options),
  ];
}
