/** Routes that keep relays reachable outside of the networks that they carry. */
import { type Cidr, containsAddress, parseCidr } from "../../../shared/frame/cidr.ts";
import { changeLink } from "../tap/link.ts";
import { hostOf } from "../trust/address.ts";
import { ROUTE_PROTOCOL } from "./route-protocol.ts";
import { type IpRoute, type LinkState, readLinks, readRoutes } from "./state.ts";
import { type SystemWatcher, system } from "./watcher.ts";

/** Maximum addresses kept outside for one relay, and subnets to keep them out of. */
const MAX_ADDRESSES = 32;
const MAX_SUBNETS = 1_024;

export interface OutsideOptions {
  readonly watcher?: SystemWatcher;
  /** Called if a route can't be set. */
  readonly failed?: (why: Error) => void;
}

/**
 * Keeps addresses, such as a relay's or a proxy's, reachable as before one of our networks got them in its subnet. It
 * sets a host route through the gateway and interface that would be used otherwise, while needed. A route's metric is
 * this process's ID, so that processes with the same relay do not remove each other's routes. Routes of a killed
 * process are recognised and removed by the next one.
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
   * @param addresses IPv4 and IPv6; others are skipped
   * @returns an object to change and end it
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

  /** Looks run one after the other. Never rejects. */
  #look(links?: readonly LinkState[]): Promise<void> {
    this.#work = this.#work
      .then(async () => await this.#apply(links))
      .catch((error: unknown) => this.#failed?.(error instanceof Error ? error : new Error(String(error))));
    return this.#work;
  }

  async #apply(known?: readonly LinkState[]): Promise<void> {
    // Also runs at shutdown, after the caller's signal is aborted.
    const { signal } = new AbortController();
    if (!this.#swept) await this.#sweep(signal);
    this.#swept = true;
    const links = known ?? (await readLinks(signal));
    const own = links.filter(({ index }) => this.#watcher.isOwn(index));
    // Subnets of interfaces that are not yet up count as well.
    const subnets = [...this.#kept].flatMap((kept) => kept.subnets);
    const wanted = new Set([...this.#kept].flatMap((kept) => kept.addresses));
    const tables = new Map<4 | 6, Promise<IpRoute[]>>();
    for (const address of new Set([...wanted, ...this.#set.keys()])) {
      const version = address.includes(":") ? 6 : 4;
      if (!this.#set.has(address)) {
        // The usual case: so the kernel is asked for one route, not for all of a router's.
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
    // Without any route to it, it is not inside.
    const [route] = await readRoutes(version, ["get", address], signal).catch(() => []);
    return own.some(({ name }) => name === route?.dev);
  }

  /** Sets, changes or removes a route, unless it is already so. */
  async #put(
    version: 4 | 6,
    address: string,
    way: IpRoute | undefined,
    routes: readonly IpRoute[],
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

  /** Removes routes of killed processes. */
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
  /** Subnets of our interfaces in the tunnel's networks. */
  subnets: readonly Cidr[];
  /** Replaces the addresses. */
  update(addresses: readonly string[]): Promise<void>;
  /** Sets routes before one of our interfaces gets addresses, CIDRs. */
  prepare(subnets: readonly string[]): Promise<void>;
  /** Ends it; resolves once the routes are gone. */
  release(): Promise<void>;
}

/**
 * Returns the route to an address without our interfaces. Undefined if it needs no route of its own, because it is
 * reached so anyway, or if there is no such route.
 */
export function wayOutside(
  address: string,
  links: readonly LinkState[],
  own: readonly LinkState[],
  routes: readonly IpRoute[],
  subnets: readonly Cidr[] = [],
): IpRoute | undefined {
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

/** Returns whether an address is in a subnet of our interfaces, or in one of these. */
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

/** Returns the route that the kernel would use: the longest prefix, then the lowest metric. */
function best(host: Cidr, routes: readonly IpRoute[]): IpRoute | undefined {
  let found: { route: IpRoute; prefix: number } | undefined;
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

/** Returns the length of a route's prefix; undefined if the address is not in it. */
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

/** Returns whether a process with that ID runs, of any user. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** The instance of this process. */
export const outside = new OutsideRoutes();
