import type { Logger } from "pino";
import { GuessLimiter } from "./arrivals/guess-limiter.ts";
import type { CertificatePair } from "./certificate.ts";
import { hashSecret } from "./crypto/secret.ts";
import { httpApp } from "./http/app.ts";
import type { ApiEnv } from "./http/kernel/access.ts";
import { pageApp } from "./http/page-app.ts";
import { Hub } from "./hub/hub.ts";
import { HUB_LIMITS } from "./hub/limits.ts";
import { UnderlayPorts } from "./hub/ports/underlay-ports.ts";
import type { RelayOptions } from "./options.ts";
import { readPageFiles } from "./page/page-assets.ts";
import { backUp } from "./store/backup.ts";
import { openDataDirectory } from "./store/data-directory.ts";
import { SqliteStore } from "./store/sqlite-store.ts";
import type { StoreHealth } from "./store/store-health.ts";
import { AuditKeeper } from "./tenants/audit-keeper.ts";
import { Tenants } from "./tenants/tenants.ts";
import { nodeUnderlay } from "./underlay/node-underlay.ts";

/** A relay put together, without a server in front: what a runtime's adapter serves. */
export interface Relay {
  readonly hub: Hub;
  readonly adminTokenFile: string;
  readonly log: Logger;
  /** Answers every request that is no WebSocket. @param from what the runtime's adapter knows of it */
  fetch(request: Request, from: ApiEnv["Bindings"]): Response | Promise<Response>;
  /** Has every session go elsewhere; requests are still answered. */
  drain(): void;
  /** Closes the store: after the server, so that every request under way was answered. */
  close(): void;
}

/** A server that an adapter has started. */
export interface Server {
  /** Where it listens, `http(s)://host:port`. */
  readonly url: string;
  /** Serves another certificate from the next handshake on; connections that are open stay. */
  useCertificate(pair: CertificatePair): void;
  /** Ends it; connections that do not close in time are cut. */
  close(): Promise<void>;
}

/** How a runtime serves a relay. */
export type Serve = (relay: Relay, options: RelayOptions) => Promise<Server>;

/** Milliseconds between two steps of keeping the books, and between two where there is more to do: frames go between. */
const IDLE_MS = 1_000;
const BUSY_MS = 50;

/** Opens the data directory and puts a relay together over it. */
export async function createRelay(options: RelayOptions, log: Logger): Promise<Relay> {
  const directory = openDataDirectory(options.data);
  const store = SqliteStore.open(directory.database);
  const now = () => Math.floor(Date.now() / 1_000);
  const tenants = new Tenants(store, now);
  logTroubles(store.health, log);
  if (store.isNew) tenants.createDefaults();
  const clock = () => performance.now() / 1_000;
  const guesses = new GuessLimiter(clock);
  const audit = new AuditKeeper({
    ...options.audit,
    store,
    limits: tenants.limits,
    now,
    exported: (entry) => log.info({ audit: entry }, "an entry leaves the audit log"),
  });
  const stopKeeping = keepBooks(tenants, audit);
  const { strangers, strangersPerAddress } = options.connections;
  const limits = {
    ...HUB_LIMITS,
    strangers,
    strangersPerAddress: Math.min(strangersPerAddress, HUB_LIMITS.strangersPerAddress),
  };
  const hub = new Hub({ tenants, log, clock, guesses, limits });
  const ports = new UnderlayPorts({ tenants, hub, underlay: nodeUnderlay, log, clock });
  await ports.start();
  const app = httpApp({
    tenants,
    hub,
    ports,
    log,
    clock,
    guesses,
    page: await pageApp(readPageFiles(), options.publicUrl),
    backup: () => backUp(store, options.data),
    adminHash: await hashSecret(directory.adminToken),
  });
  return {
    hub,
    adminTokenFile: directory.adminTokenFile,
    log,
    fetch: (request, from) => app.fetch(request, from),
    drain: () => {
      hub.drain();
      ports.close().catch((error: unknown) => log.error({ err: error }, "a port failed to close"));
    },
    close: () => {
      stopKeeping();
      tenants.audit.flush();
      store.health.attempt("close the store", () => store.close());
    },
  };
}

/** Says in the log what failed and was contained, and how the store does. */
function logTroubles(health: StoreHealth, log: Logger): void {
  health.onTrouble(({ what, error, count }) =>
    log.error({ work: what, times: count, err: error }, "bookkeeping failed; everything else goes on"),
  );
  health.onChanged((failure) => {
    if (failure === undefined) return log.info("the store works again");
    const { code, message, hint, cause } = failure;
    log.error({ code, hint, err: cause }, `${message}; frames go on, changes are refused`);
  });
}

/**
 * Writes what waits to be written, trims the audit log, and tries a store that fails, about once a second.
 *
 * @returns ends it
 */
function keepBooks(tenants: Tenants, keeper: AuditKeeper): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const keep = () => {
    tenants.audit.flush();
    const isBusy = keeper.step();
    if (tenants.health.failure !== undefined) tryAgain(tenants);
    timer = setTimeout(keep, isBusy ? BUSY_MS : IDLE_MS);
  };
  timer = setTimeout(keep, IDLE_MS);
  return () => clearTimeout(timer);
}

function tryAgain(tenants: Tenants): void {
  try {
    tenants.check();
  } catch {
    // The store's health knows, and has said so in the log.
  }
}
