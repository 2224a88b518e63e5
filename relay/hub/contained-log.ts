import type { Logger } from "pino";
import type { ReportContained } from "../../shared/switch/containment.ts";
import { TokenBucket } from "../../shared/switch/guards/token-bucket.ts";

/**
 * Reports of the whole relay: rate per second, and burst. Each port reports once a minute, but sessions that reconnect
 * with the same error must not fill the disk.
 */
const REPORTS_PER_SECOND = 0.1;
const REPORTS_AT_ONCE = 20;

/** Returns a function that writes errors of the data path to the relay's log. @param clock seconds, never going back */
export function containedLog(log: Logger, clock: () => number): ReportContained {
  const bucket = new TokenBucket(REPORTS_PER_SECOND, REPORTS_AT_ONCE, clock());
  return ({ error, at, vni, count }) => {
    if (!bucket.take(clock())) return;
    log.error({ port: at, vni, count, err: error }, "handling a frame failed");
  };
}
