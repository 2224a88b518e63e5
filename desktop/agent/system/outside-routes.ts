/** Routes of our own that keep relays outside of the networks that are reached through them. */
import { type Cidr, containsAddress, parseCidr } from "../../../shared/frame/cidr.ts";
import { changeLink } from "../tap/link.ts";
import { hostOf } from "../trust/address.ts";
import { ROUTE_PROTOCOL } from "./route-protocol.ts";
import { type LinkState, type Route, readLinks, readRoutes } from "./state.ts";
import { type SystemWatcher, system } from "./watcher.ts";

/** Addresses of one relay that are kept outside, and subnets that they are kept outside of. */
const MAX_ADDRESSES = 32;
const MAX_SUBNETS = 1_024;

export interface OutsideOptions {
  readonly watcher?: SystemWatcher;
  /** Told where a route can't be set. */
  readonly failed?: (why: Error) => void;
}

/**
 * Keeps addresses, such as a relay's or a proxy's, reached as they were before a network of ours had them in its subnet: by a
 * host route through the gateway and the interface that they would be reached by otherwise. There is one while it is
 * needed. A route's metric is this process's id, so that processes with one relay don't take each other's away, and
 * what a killed one left is known, and removed by the next.
 */
export class OutsideRoutes {
  readonly #watcher: SystemWatcher;
  readonly #failed: ((why: Error) => void) | undefined;
  readonly #kept = new Set<KeptAddresses>();
  /** By address, the arguments of the route that is set. */
  readonly #set = new Map<string, readonly string[]>();
  #unlisten: (() => void) | undefined;
  #work: Promise<void> = Promise.resolve();
  #swept = false;

  constructor({ watcher = system, failed }: OutsideOptions = {}) {
    this.#watcher = watcher;
    this.#failed = failed;
  }

  /**
   * Keeps addresses outside from now on.
   *
   * @param addresses IPv4 and IPv6; what is neither is passed over
   * @returns what changes the list, and what ends it
   */
  keep(addresses: readonly string[]): KeptAddresses {
    const kept: KeptAddresses = {
      addresses: hosts(addresses),
      subnets: [],
      update: async (others) => {
        kept.addresses = hosts(others);
        await this.#look();
      },
      prepare: async (subnets) => {
        kept.subnets = [...kept.subnets, ...subnets.flatMap((text) => parseCidr(text) ?? [])].slice(
          -MAX_SUBNETS,
        );
        await this.#look();
      },
      release: async () => {
        this.#kept.delete(kept);
        await this.#look();
        if (this.#kept.size === 0) {
          this.#unlisten?.();
          this.#unlisten = undefined;
        }
      },
    };
    this.#kept.add(kept);
    this.#unlisten ??= this.#watcher.listen({
      changed: ({ links }) => void this.#look(links),
    });
    return kept;
  }

  /** One look after the other. Never rejects. */
  #look(links?: readonly LinkState[]): Promise<void> {
    this.#work = this.#work
      .then(async () => await this.#apply(links))
      .catch((error: unknown) => this.#failed?.(error instanceof Error ? error : new Error(String(error))));
    return this.#work;
  }

  async #apply(known?: readonly LinkState[]): Promise<void> {
    // Runs at shutdown as well, when the caller has ended.
    const { signal } = new AbortController();
    if (!this.#swept) await this.#sweep(signal);
    this.#swept = true;
    const links = known ?? (await readLinks(signal));
    const own = links.filter(({ index }) => this.#watcher.isOwn(index));
    // Those of an interface that is not yet up count as well.
    const subnets = [...this.#kept].flatMap((kept) => kept.subnets);
    const wanted = new Set([...this.#kept].flatMap((kept) => kept.addresses));
    const tables = new Map<4 | 6, Promise<Route[]>>();
    for (const address of new Set([...wanted, ...this.#set.keys()])) {
      const version = address.includes(":") ? 6 : 4;
      if (!this.#set.has(address)) {
        // Nearly always: what is asked of the kernel is one route, and not all of a router's.
        if (own.length === 0 && subnets.length === 0) continue;
        if (!isInside(address, own, subnets) && !(await this.#leadsInside(version, address, own, signal)))
          continue;
      }
      const table = tables.get(version) ?? readRoutes(version, ["show", "table", "main"], signal);
      tables.set(version, table);
      const routes = await table;
      const way = wanted.has(address) ? wayOutside(address, links, own, routes, subnets) : undefined;
      await this.#put(version, address, way, routes, signal);
    }
  }

  async #leadsInside(
    version: 4 | 6,
    address: string,
    own: readonly LinkState[],
    signal: AbortSignal,
  ): Promise<boolean> {
    // Where there is no route to it at all, it is not inside.
    const [route] = await readRoutes(version, ["get", address], signal).catch(() => []);
    return own.some(({ name }) => name === route?.dev);
  }

  /** Sets a route, changes it or takes it away, unless it is so already. */
  async #put(
    version: 4 | 6,
    address: string,
    way: Route | undefined,
    routes: readonly Route[],
    signal: AbortSignal,
  ): Promise<void> {
    const before = this.#set.get(address);
    const metric = String(process.pid);
    const which = [address, "proto", ROUTE_PROTOCOL, "metric", metric];
    const at = [...(way?.via === undefined ? [] : ["via", way.via]), "dev", way?.dev ?? ""];
    const source = way?.source === undefined ? [] : ["src", way.source];
    const wanted = way && [...which, ...at, ...source];
    const isThere = routes.some(
      (one) => one.protocol === ROUTE_PROTOCOL && one.to === address && String(one.metric) === metric,
    );
    if (isThere && wanted?.join(" ") === before?.join(" ")) return;
    if (before !== undefined && isThere) {
      await changeLink([`-${version}`, "route", "del", ...which], signal).catch(() => {});
    }
    this.#set.delete(address);
    if (wanted === undefined) return;
    await changeLink([`-${version}`, "route", "replace", ...wanted], signal);
    this.#set.set(address, wanted);
  }

  /** Removes what processes left that were killed. */
  async #sweep(signal: AbortSignal): Promise<void> {
    for (const version of [4, 6] as const) {
      for (const { to, metric } of await readRoutes(version, ["show", "proto", ROUTE_PROTOCOL], signal)) {
        if (isRunning(metric)) continue;
        const which = [to, "proto", ROUTE_PROTOCOL, "metric", String(metric)];
        await changeLink([`-${version}`, "route", "del", ...which], signal).catch(() => {});
      }
    }
  }
}

/** Addresses that are kept outside for one tunnel. */
export interface KeptAddresses {
  addresses: readonly string[];
  /** What our interfaces are given in the tunnel's networks. */
  subnets: readonly Cidr[];
  /** Keeps these outside instead. */
  update(addresses: readonly string[]): Promise<void>;
  /** Has routes set before an interface of ours is given addresses, CIDRs. */
  prepare(subnets: readonly string[]): Promise<void>;
  /** Ends it; resolves once the routes are gone. */
  release(): Promise<void>;
}

/**
 * Returns the way by which an address is reached where our interfaces are left out; undefined where it needs no route of its
 * own, since it is reached so anyway, or where there is no such way.
 */
export function wayOutside(
  address: string,
  links: readonly LinkState[],
  own: readonly LinkState[],
  routes: readonly Route[],
  subnets: readonly Cidr[] = [],
): Route | undefined {
  const host = hostOf(address);
  if (host === undefined) return undefined;
  // The kernel finds this machine's own addresses before all routes.
  if (links.some((link) => link.addresses.some(({ cidr }) => cidr.startsWith(`${address}/`))))
    return undefined;
  const names = new Set(own.map(({ name }) => name));
  const usable = routes.filter(({ protocol, type }) => protocol !== ROUTE_PROTOCOL && type === "unicast");
  if (!isInside(address, own, subnets) && !names.has(best(host, usable)?.dev ?? "")) return undefined;
  return best(
    host,
    usable.filter(({ dev }) => dev !== undefined && !names.has(dev)),
  );
}

/** Whether an address is in a subnet of our interfaces, or in one of these. */
function isInside(address: string, own: readonly LinkState[], subnets: readonly Cidr[]): boolean {
  const host = hostOf(address);
  const theirs = own.flatMap((link) => link.addresses.flatMap(({ cidr }) => parseCidr(cidr) ?? []));
  return (
    host !== undefined &&
    [...subnets, ...theirs].some(
      (cidr) => cidr.version === host.version && containsAddress(cidr, host.address),
    )
  );
}

/** The route that the kernel would take: that to the smallest network, and of several the one with the least metric. */
function best(host: Cidr, routes: readonly Route[]): Route | undefined {
  let found: { route: Route; prefix: number } | undefined;
  for (const route of routes) {
    if (route.dead) continue;
    const prefix = route.to === "default" ? 0 : prefixFor(route.to, host);
    if (prefix === undefined) continue;
    const isBetter =
      found === undefined ||
      prefix > found.prefix ||
      (prefix === found.prefix && route.metric < found.route.metric);
    if (isBetter) found = { route, prefix };
  }
  return found?.route;
}

/** The length of a route's prefix; undefined where the address is not in it. */
function prefixFor(to: string, host: Cidr): number | undefined {
  const cidr = to.includes("/") ? parseCidr(to) : hostOf(to);
  if (cidr === undefined || cidr.version !== host.version) return undefined;
  return containsAddress(cidr, host.address) ? cidr.prefix : undefined;
}

function hosts(addresses: readonly string[]): string[] {
  const found = addresses.flatMap((text) => {
    const address = text.replace(/^::ffff:(?=[\d.]+$)/, "");
    return hostOf(address) === undefined ? [] : [address];
  });
  return [...new Set(found)].slice(0, MAX_ADDRESSES);
}

/** Whether there is a process of that id, of whichever user. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** The process's own. */
export const outside = new OutsideRoutes();
