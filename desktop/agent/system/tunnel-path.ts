import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { readRoutes } from "./state.ts";
import { type SystemWatcher, system } from "./watcher.ts";

/** Interval between lookups of the relay's name while a tunnel is open, in milliseconds. */
const NAME_MS = 10_000;

export interface TunnelPathEvents {
  /** The machine's way out, or the path to the relay, has changed. */
  changed(why: string): void;
  /** The connection's local address is gone, so no answer can return. */
  lost(why: string): void;
}

/** The two addresses of a connection. */
export interface PathEnds {
  readonly local: string | undefined;
  readonly remote: string | undefined;
}

/**
 * Watches a tunnel's path through this machine. Reports changes of links, addresses and routes that are not this
 * process's own, of the route to the relay, of its name's addresses, and sleep.
 */
export class TunnelPath {
  readonly #events: TunnelPathEvents;
  readonly #unlisten: () => void;
  readonly #ending = new AbortController();
  readonly #naming: ReturnType<typeof setInterval>;
  #ends: PathEnds | undefined;
  #host: string | undefined;
  #underlay: string | undefined;
  #way: string | undefined;
  #answer: string | undefined;
  #asking = false;

  constructor(events: TunnelPathEvents, watcher: SystemWatcher = system) {
    this.#events = events;
    this.#unlisten = watcher.listen({
      changed: (state) => {
        const addresses = state.links.flatMap((link) => link.addresses);
        const before = this.#underlay;
        this.#underlay = state.underlay;
        const { local } = this.#ends ?? {};
        if (local !== undefined && !addresses.some(({ cidr }) => cidr.startsWith(`${local}/`))) {
          return this.#events.lost(`this machine no longer has the address ${local}`);
        }
        if (before !== undefined && before !== state.underlay) {
          this.#events.changed("this machine's network changed");
          void this.#askName();
        }
        void this.#askWay();
      },
      woke: () => this.#events.changed("this machine slept"),
      names: () => void this.#askName(),
    });
    this.#naming = setInterval(() => void this.#askName(), NAME_MS);
    // This timer does not keep a process alive whose tunnel has ended.
    this.#naming.unref();
  }

  /**
   * Sets the tunnel's current connection; undefined if there is none.
   *
   * @param url the URL dialled: the relay, or a proxy
   */
  connected(ends: PathEnds | undefined, url?: URL): void {
    const host = url?.hostname.replace(/^\[|\]$/g, "");
    if (host !== undefined && host !== this.#host) this.#answer = undefined;
    this.#host = host ?? this.#host;
    this.#ends = ends && { local: plain(ends.local), remote: plain(ends.remote) };
    this.#way = undefined;
    if (ends === undefined) return;
    void this.#askWay();
    // Compares only answers from while it is open: the address may be one of many.
    if (this.#answer === undefined) void this.#askName();
  }

  close(): void {
    this.#unlisten();
    clearInterval(this.#naming);
    this.#ending.abort();
  }

  /** Compares the kernel's route to the relay with the previous one. */
  async #askWay(): Promise<void> {
    const ends = this.#ends;
    const { remote } = ends ?? {};
    if (remote === undefined || isIP(remote) === 0) return;
    let way: string;
    try {
      const routes = await readRoutes(isIP(remote) as 4 | 6, ["get", remote], this.#ending.signal);
      way = JSON.stringify(routes.map(({ type, dev, via, source }) => [type, dev, via, source]));
    } catch {
      // No route for now.
      way = "none";
    }
    if (this.#ends !== ends || this.#ending.signal.aborted) return;
    const before = this.#way;
    this.#way = way;
    if (before !== undefined && before !== way) this.#events.changed("the route to the relay changed");
  }

  /** Compares the addresses of the relay's name with the previous ones. */
  async #askName(): Promise<void> {
    const host = this.#host;
    if (this.#asking || this.#ends === undefined || host === undefined || isIP(host) !== 0) return;
    this.#asking = true;
    try {
      const found = await lookup(host, { all: true });
      const answer = found
        .map(({ address }) => address)
        .sort()
        .join(" ");
      const before = this.#answer;
      this.#answer = answer;
      const isNew = before !== undefined && before !== answer;
      // If the tunnel's own address is among them, it may stay.
      const isOther = !found.some(({ address }) => address === this.#ends?.remote);
      if (isNew && isOther && !this.#ending.signal.aborted)
        this.#events.changed("the relay has another address");
    } catch {
      // A failed lookup is no other address.
    } finally {
      this.#asking = false;
    }
  }
}

/** Returns an IPv4-mapped address as IPv4; removes a zone. */
function plain(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:(?=[\d.]+$)/, "").replace(/%.*$/, "");
}
