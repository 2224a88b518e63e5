import { networkInterfaces } from "node:os";
import type { Logger } from "pino";
import { GuessLimiter } from "./arrivals/guess-limiter.ts";
import type { CertificatePair } from "./certificate.ts";
import { hashSecret } from "./crypto/secret.ts";
import { type FirstLinks, firstLinks } from "./first-start/links.ts";
import { SignIns } from "./first-start/sign-ins.ts";
import { firstSubnet } from "./first-start/subnet.ts";
import { httpApp } from "./http/app.ts";
import type { ApiEnv } from "./http/kernel/access.ts";
import { packagesApp } from "./http/packages-app.ts";
import { pageApp } from "./http/page-app.ts";
import { Hub } from "./hub/hub.ts";
import { HUB_LIMITS } from "./hub/limits.ts";
import { UnderlayPorts } from "./hub/ports/underlay-ports.ts";
import type { RelayOptions } from "./options.ts";
import { PackageDirectory } from "./packages/package-directory.ts";
import { readPageFiles } from "./page/page-assets.ts";
import { backUp } from "./store/backup.ts";
import { openDataDirectory } from "./store/data-directory.ts";
import { SqliteStore } from "./store/sqlite-store.ts";
import type { StoreHealth } from "./store/store-health.ts";
import { AuditKeeper } from "./tenants/audit-keeper.ts";
import { Tenants } from "./tenants/tenants.ts";
import { nodeUnderlay } from "./underlay/node-underlay.ts";

/** An assembled relay without a server, as a runtime's adapter serves it. */
export interface Relay {
  readonly hub: Hub;
  readonly adminTokenFile: string;
  /** Makes the links that it shows at its first start. @param base the URL at which others reach the relay */
  readonly firstLinks: ((base: string) => Promise<FirstLinks>) | undefined;
  readonly log: Logger;
  /** Answers a request that is no WebSocket. @param from what the runtime's adapter knows about it */
  fetch(request: Request, from: ApiEnv["Bindings"]): Response | Promise<Response>;
  /** Asks all sessions to reconnect elsewhere; still answers requests. */
  drain(): void;
  /** Closes the store. Call it after the server has closed, so that pending requests are answered. */
  close(): void;
}

/** A server started by an adapter. */
export interface Server {
  /** The URL it listens at, `http(s)://host:port`. */
  readonly url: string;
  /** Uses another certificate from the next handshake on; open connections stay. */
  useCertificate(pair: CertificatePair): void;
  /** Closes the server; cuts connections that do not close in time. */
  close(): Promise<void>;
}

/** Starts a runtime's server for a relay. */
export type Serve = (relay: Relay, options: RelayOptions) => Promise<Server>;

/** Milliseconds between bookkeeping steps, and between steps with work left, so that frames pass in between. */
const IDLE_MS = 1_000;
const BUSY_MS = 50;

/** Opens the data directory and assembles a relay on it. */
export async function createRelay(options: RelayOptions, log: Logger): Promise<Relay> {
  const directory = openDataDirectory(options.data);
  const store = SqliteStore.open(directory.database);
  const now = () => Math.floor(Date.now() / 1_000);
  const tenants = new Tenants(store, now);
  logTroubles(store.health, log);
  const { isNew } = store;
  if (isNew) tenants.createDefaults(firstSubnet(ownNetworks()));
  const signIns = new SignIns(directory.adminToken, now);
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
  const packages = options.packages === undefined ? undefined : new PackageDirectory(options.packages);
  const app = httpApp({
    tenants,
    hub,
    ports,
    log,
    clock,
    guesses,
    signIns,
    page: (await pageApp(readPageFiles(), options.publicUrl)).route("/", packagesApp(packages)),
    backup: () => backUp(store, options.data),
    adminHash: await hashSecret(directory.adminToken),
  });
  return {
    hub,
    adminTokenFile: directory.adminTokenFile,
    firstLinks: isNew ? (base) => firstLinks(tenants, signIns, base) : undefined,
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

/** Returns the addresses of this machine with their prefix lengths. */
function ownNetworks(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((interfaces) => interfaces ?? []);
  return addresses.map(({ cidr }) => cidr).filter((cidr) => cidr !== null);
}

/** Logs contained failures and changes of the store's health. */
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
 * About once a second, writes pending audit entries, trims the audit log, and retries a failing store.
 *
 * @returns a function that stops it
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
    // The store's health has recorded and logged it.
  }
}
