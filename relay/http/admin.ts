import type { Logger } from "pino";
import type { Hub } from "../hub/hub.ts";
import type { UnderlayPorts } from "../hub/ports/underlay-ports.ts";
import { addressOperations } from "./addresses.ts";
import { adminOperations } from "./admins.ts";
import { auditOperations } from "./audit.ts";
import { type BackupOptions, backupOperations } from "./backup.ts";
import { captureOperations } from "./capture.ts";
import { deviceOperations } from "./devices.ts";
import { fdbOperations } from "./fdb.ts";
import { inviteOperations } from "./invites.ts";
import { limitOperations } from "./limits.ts";
import { liveOperations } from "./live.ts";
import { networkOperations } from "./networks.ts";
import { noticeOperations } from "./notices.ts";
import type { Operation } from "./operation.ts";
import { portOperations } from "./ports.ts";
import { tenantOperations } from "./tenants.ts";
import { tokenOperations } from "./tokens.ts";
import { usageOperations } from "./usage.ts";

export interface AdministrationOptions extends BackupOptions {
  readonly hub: Hub;
  readonly log: Logger;
  readonly ports: UnderlayPorts;
  /** Seconds, never going back: what the forwarding table counts in. */
  readonly clock: () => number;
}

/** All that administrators can ask: tenants and everything that is theirs. */
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
