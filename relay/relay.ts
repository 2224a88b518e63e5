import type { Logger } from "pino";
import { backUp } from "./backup.ts";
import { openDataDirectory } from "./data-directory.ts";
import { GuessLimiter } from "./guess-limiter.ts";
import { httpApp } from "./http/app.ts";
import { pageApp } from "./http/page/page-app.ts";
import { Hub } from "./hub/hub.ts";
import { UnderlayPorts } from "./hub/ports/underlay-ports.ts";
import type { RelayOptions } from "./options.ts";
import { readPageFiles } from "./page-files.ts";
import { hashSecret } from "./tenants/secret.ts";
import { SqliteStore } from "./tenants/sqlite-store.ts";
import { Tenants } from "./tenants/tenants.ts";
import { nodeUnderlay } from "./underlay/node-underlay.ts";

/** A relay put together, without a server in front: what a runtime's adapter serves. */
export interface Relay {
  readonly hub: Hub;
  readonly adminTokenFile: string;
  readonly publicOrigin: string | undefined;
  /** Answers every request that is no WebSocket. @param address where it comes from */
  fetch(request: Request, address: string): Response | Promise<Response>;
  /** Has every session go elsewhere; requests are still answered. */
  drain(): void;
  /** Closes the store: after the server, so that every request under way was answered. */
  close(): void;
}

/** A server that an adapter has started. */
export interface Server {
  /** Where it listens, `http(s)://host:port`. */
  readonly url: string;
  /** Ends it; connections that do not close in time are cut. */
  close(): Promise<void>;
}

/** How a runtime serves a relay. */
export type Serve = (relay: Relay, options: RelayOptions) => Promise<Server>;

/** Opens the data directory and puts a relay together over it. */
export async function createRelay(options: RelayOptions, log: Logger): Promise<Relay> {
  const directory = openDataDirectory(options.data);
  const store = SqliteStore.open(directory.database);
  const tenants = new Tenants(store, () => Math.floor(Date.now() / 1_000));
  if (store.isNew) tenants.createDefaults();
  const clock = () => performance.now() / 1_000;
  const guesses = new GuessLimiter(clock);
  const hub = new Hub({ tenants, log, clock, guesses });
  const ports = new UnderlayPorts({ tenants, hub, underlay: nodeUnderlay, log, clock });
  await ports.start();
  const app = httpApp({
    tenants,
    hub,
    ports,
    log,
    clock,
    guesses,
    publicUrl: options.publicUrl,
    page: await pageApp(readPageFiles(), options.publicUrl),
    backup: () => backUp(store, options.data),
    adminHash: await hashSecret(directory.adminToken),
  });
  return {
    hub,
    adminTokenFile: directory.adminTokenFile,
    publicOrigin: options.publicUrl?.origin,
    fetch: (request, address) => app.fetch(request, { address }),
    drain: () => {
      hub.drain();
      ports.close().catch((error: unknown) => log.error({ err: error }, "a port failed to close"));
    },
    close: () => store.close(),
  };
}
