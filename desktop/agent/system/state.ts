/** The links, addresses and default routes of this network namespace, as `ip` reports them. */
import { existsSync } from "node:fs";
import { z } from "zod";
import { askIp } from "../tap/link.ts";

/** A lifetime without end (linux/if_addr.h, INFINITY_LIFE_TIME). */
const FOREVER = 4_294_967_295;

/** An address of a link. */
export interface LinkAddress {
  /** `10.20.0.7/24` */
  readonly cidr: string;
  readonly scope: string;
  /** Whether it is permanent and not deprecated. */
  readonly permanent: boolean;
}

/** A network interface. */
export interface LinkState {
  readonly index: number;
  readonly name: string;
  /** `02:00:00:00:00:01`; empty for an interface without one. */
  readonly mac: string;
  /** Bytes. */
  readonly mtu: number;
  /** Frames. */
  readonly txqueuelen: number;
  /** `UP`, `LOWER_UP`, `NO-CARRIER`, `NOARP`, … */
  readonly flags: ReadonlySet<string>;
  readonly operstate: string;
  readonly addresses: readonly LinkAddress[];
}

const links = z.array(
  z.object({
    ifindex: z.number().default(0),
    ifname: z.string().default(""),
    address: z.string().default(""),
    mtu: z.number().default(0),
    txqlen: z.number().default(0),
    flags: z.array(z.string()).default([]),
    operstate: z.string().default(""),
    addr_info: z
      .array(
        z.object({
          local: z.string().optional(),
          prefixlen: z.number().default(0),
          scope: z.string().default(""),
          valid_life_time: z.number().default(FOREVER),
          preferred_life_time: z.number().default(FOREVER),
        }),
      )
      .default([]),
  }),
);

/**
 * Reads all links with their addresses.
 *
 * @throws Fault those of {@link askIp}; the signal's reason
 */
export async function readLinks(signal: AbortSignal): Promise<LinkState[]> {
  return links.parse(await askIp(["address", "show"], signal)).flatMap((link) => {
    // `ip` prints an empty object for a link that was removed meanwhile.
    if (link.ifindex === 0) return [];
    return [
      {
        index: link.ifindex,
        name: link.ifname,
        mac: link.address,
        mtu: link.mtu,
        txqueuelen: link.txqlen,
        flags: new Set(link.flags),
        operstate: link.operstate,
        addresses: link.addr_info.flatMap((one) => {
          if (one.local === undefined) return [];
          const permanent = one.valid_life_time === FOREVER && one.preferred_life_time === FOREVER;
          return [{ cidr: `${one.local}/${one.prefixlen}`, scope: one.scope, permanent }];
        }),
      },
    ];
  });
}

/** A route. */
export interface IpRoute {
  /** `default`, `10.20.0.0/24`, `10.20.0.7`. */
  readonly to: string;
  readonly type: string;
  /** Undefined for a route without an interface, such as `unreachable`. */
  readonly dev: string | undefined;
  readonly via: string | undefined;
  readonly source: string | undefined;
  readonly metric: number;
  /** Its origin: `kernel`, `boot`, `dhcp`, or a number. */
  readonly protocol: string;
  /** Whether its interface has no carrier, or its next hop is dead. */
  readonly dead: boolean;
}

const hop = z.object({
  dev: z.string().optional(),
  gateway: z.string().optional(),
  via: z.object({ host: z.string() }).optional(),
  flags: z.array(z.string()).default([]),
});

const routes = z.array(
  hop.extend({
    dst: z.string().default(""),
    type: z.string().default("unicast"),
    prefsrc: z.string().optional(),
    metric: z.number().default(0),
    protocol: z.string().default(""),
    nexthops: z.array(hop).default([]),
  }),
);

/**
 * Reads the routes that `ip route` prints for `what`.
 *
 * @param version of the Internet Protocol; without IPv6 in the kernel there are no routes
 * @param what such as `["show", "default"]` or `["get", "192.0.2.1"]`
 * @throws Fault those of {@link askIp}; the signal's reason
 */
export async function readRoutes(
  version: 4 | 6,
  what: readonly string[],
  signal: AbortSignal,
): Promise<IpRoute[]> {
  if (version === 6 && !existsSync("/proc/net/if_inet6")) return [];
  return routes.parse(await askIp([`-${version}`, "route", ...what], signal)).map((route) => {
    const { dev, gateway, via, flags } = route.nexthops[0] ?? route;
    return {
      to: route.dst,
      type: route.type,
      dev,
      via: gateway ?? via?.host,
      source: route.prefsrc,
      metric: route.metric,
      protocol: route.protocol,
      dead: flags.includes("dead") || flags.includes("linkdown"),
    };
  });
}
