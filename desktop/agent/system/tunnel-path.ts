import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { readRoutes } from "./state.ts";
import { type SystemWatcher, system } from "./watcher.ts";

/** How often the relay's name is looked up while a tunnel is open, in milliseconds. */
const NAME_MS = 10_000;

export interface TunnelPathEvents {
  /** The machine's way out, or the way to the relay, is not what it was. */
  changed(why: string): void;
  /** The address that the connection uses here is gone, so nothing comes back any more. */
  lost(why: string): void;
}

/** The ends of a connection: addresses. */
export interface PathEnds {
  readonly local: string | undefined;
  readonly remote: string | undefined;
}

/**
 * The way that a tunnel takes through this machine: tells when it changed, by the links, addresses and routes that are not
 * this process's own, the route to the relay, its name's addresses, and sleep.
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
    // A tunnel that ends is not kept for this.
    this.#naming.unref();
  }

  /**
   * Says which connection the tunnel has now; undefined while it has none.
   *
   * @param url what was dialled: the relay, or a proxy
   */
  connected(ends: PathEnds | undefined, url?: URL): void {
    const host = url?.hostname.replace(/^\[|\]$/g, "");
    if (host !== undefined && host !== this.#host) this.#answer = undefined;
    this.#host = host ?? this.#host;
    this.#ends = ends && { local: plain(ends.local), remote: plain(ends.remote) };
    this.#way = undefined;
    if (ends === undefined) return;
    void this.#askWay();
    // Only what is asked while it is open is compared: the address may be one of many.
    if (this.#answer === undefined) void this.#askName();
  }

  close(): void {
    this.#unlisten();
    clearInterval(this.#naming);
    this.#ending.abort();
  }

  /** Compares how the kernel sends packets to the relay with how it did. */
  async #askWay(): Promise<void> {
    const ends = this.#ends;
    const { remote } = ends ?? {};
    if (remote === undefined || isIP(remote) === 0) return;
    let way: string;
    try {
      const routes = await readRoutes(isIP(remote) as 4 | 6, ["get", remote], this.#ending.signal);
      way = JSON.stringify(routes.map(({ type, dev, via, source }) => [type, dev, via, source]));
    } catch {
      // There is none, for now.
      way = "none";
    }
    if (this.#ends !== ends || this.#ending.signal.aborted) return;
    const before = this.#way;
    this.#way = way;
    if (before !== undefined && before !== way) this.#events.changed("the route to the relay changed");
  }

  /** Compares the addresses of the relay's name with those that it had. */
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
      // One of the addresses is the tunnel's own: it may stay where it is.
      const isOther = !found.some(({ address }) => address === this.#ends?.remote);
      if (isNew && isOther && !this.#ending.signal.aborted)
        this.#events.changed("the relay has another address");
    } catch {
      // No answer is no other address.
    } finally {
      this.#asking = false;
    }
  }
}

/** IPv4 as itself, where a socket of both versions has it mapped; without a zone. */
function plain(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:(?=[\d.]+$)/, "").replace(/%.*$/, "");
}
