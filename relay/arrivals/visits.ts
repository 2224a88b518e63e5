import type { Socket } from "node:net";
import type { Connections, Visit } from "./connections.ts";
import type { TrustedProxies } from "./trusted-proxies.ts";

/** The visits of a server's sockets. */
export class Visits {
  readonly #connections: Connections;
  readonly #trustedProxies: TrustedProxies;
  /**
   * Keyed by both ends' addresses, because with TLS a request has a different socket object than the accepted
   * connection.
   */
  readonly #visits = new Map<string, Visit>();

  constructor(connections: Connections, trustedProxies: TrustedProxies) {
    this.#connections = connections;
    this.#trustedProxies = trustedProxies;
  }

  /** Counts a connection as it is accepted, and closes it if it exceeds a limit. */
  enter(socket: Socket): void {
    const { remoteAddress } = socket;
    // Already closed.
    if (remoteAddress === undefined) return void socket.destroy();
    const isProxy = this.#trustedProxies.countOf(remoteAddress, undefined) > 0;
    const address = isProxy ? undefined : this.#trustedProxies.addressOf(remoteAddress, undefined);
    const visit = this.#connections.enter(address, () => socket.destroy());
    if (visit === undefined) return void socket.destroy();
    const key = keyOf(socket);
    this.#visits.set(key, visit);
    socket.once("close", () => {
      visit.leave();
      if (this.#visits.get(key) === visit) this.#visits.delete(key);
    });
  }

  /** Returns the visit of a request's or tunnel's socket; undefined if it is closed. */
  of(socket: Socket): Visit | undefined {
    return this.#visits.get(keyOf(socket));
  }
}

function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
