/** Reads what this machine already uses, which a relay's network must not take from it. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { z } from "zod";
import type { Cidr } from "../../../shared/frame/cidr.ts";
import { parseCidr } from "../../../shared/frame/cidr.ts";
import { ROUTE_PROTOCOL } from "../system/route-protocol.ts";
import { askIp } from "../tap/link.ts";
import { hostOf } from "./address.ts";

/** A network in use by another interface or by the machine. */
export interface ClaimedNetwork {
  readonly cidr: Cidr;
  /** For people: `eth0 has 192.168.1.2/24`. */
  readonly what: string;
}

export interface MachineState {
  readonly claims: readonly ClaimedNetwork[];
  /** Search domains of other links, in lower case. */
  readonly domains: readonly { readonly domain: string; readonly what: string }[];
}

export interface ReadMachineOptions {
  /** The interface being set up, which may exist already: its own networks are ignored. */
  readonly except: string | undefined;
  readonly signal: AbortSignal;
  /** The program; `ip` by default. */
  readonly ip?: string | undefined;
  readonly resolvConf?: string;
  /** Directory of systemd-resolved's files; if it is missing, the service does not run. */
  readonly resolvedDirectory?: string;
  /** The program; `resolvectl` by default. */
  readonly resolvectl?: string;
}

/** Maximum time for resolvectl, in milliseconds. */
const ANSWER_MS = 5_000;
/** Maximum bytes of resolv.conf that are read: the system's own readers use less. */
const RESOLV_CONF_BYTES = 65_536;

/** Shorter prefixes count as default routes, such as OpenVPN's two halves, and 2000::/3. */
const SPECIFIC_PREFIX = { 4: 8, 6: 7 } as const;

const interfaces = z.array(
  z.object({
    ifname: z.string().default(""),
    addr_info: z
      .array(
        z.object({
          local: z.string().optional(),
          address: z.string().optional(),
          prefixlen: z.number().optional(),
        }),
      )
      .default([]),
  }),
);

const hop = z.object({
  dev: z.string().optional(),
  gateway: z.string().optional(),
  via: z.object({ host: z.string() }).optional(),
});

const routes = z.array(
  hop.extend({
    type: z.string().optional(),
    dst: z.string(),
    protocol: z.string().optional(),
    nexthops: z.array(hop).default([]),
  }),
);

/** Types of routes that carry no unicast. */
const IGNORED_ROUTES = new Set(["broadcast", "multicast", "anycast"]);

/**
 * Reads the addresses, routes and name servers of this machine.
 *
 * @throws Fault those of {@link askIp}; the signal's reason
 */
export async function readMachine(options: ReadMachineOptions): Promise<MachineState> {
  const { except, signal, ip } = options;
  const links = interfaces.parse(await askIp(["address", "show"], signal, ip));
  const found = [
    ...routes.parse(await askIp(["-4", "route", "show", "table", "all"], signal, ip)),
    ...(await routes6(signal, ip)),
  ];
  const others = links.filter(({ ifname }) => ifname !== except);
  const names = await readNames(options, new Set(others.map(({ ifname }) => ifname)));
  return {
    claims: [...others.flatMap(addressClaims), ...routeClaims(found, except), ...names.claims],
    domains: names.domains,
  };
}

/** Without IPv6 in the kernel `ip` fails, and there are no routes to take. */
async function routes6(signal: AbortSignal, ip: string | undefined): Promise<z.infer<typeof routes>> {
  if (!existsSync("/proc/net/if_inet6")) return [];
  return routes.parse(await askIp(["-6", "route", "show", "table", "all"], signal, ip));
}

function addressClaims({ ifname, addr_info }: z.infer<typeof interfaces>[number]): ClaimedNetwork[] {
  return addr_info.flatMap(({ local = "", address, prefixlen = 0 }) => {
    const own = address === undefined ? undefined : hostOf(local);
    // On a point-to-point link the prefix belongs to the peer.
    const connected = parseCidr(`${address ?? local}/${prefixlen}`);
    const what = `${ifname} has ${local}/${prefixlen}`;
    return [own, connected].flatMap((cidr) => (cidr === undefined ? [] : [{ cidr, what }]));
  });
}

function routeClaims(found: z.infer<typeof routes>, except: string | undefined): ClaimedNetwork[] {
  return found.flatMap(({ type = "unicast", dst, protocol, nexthops, ...only }) => {
    // Our own routes lead to addresses that other routes reach, and those count.
    if (IGNORED_ROUTES.has(type) || protocol === ROUTE_PROTOCOL) return [];
    const hops = nexthops.length > 0 ? nexthops : [only];
    const others = hops.filter(({ dev }) => dev === undefined || dev !== except);
    if (others.length === 0) return [];
    const dev = others[0]?.dev;
    const of = dev === undefined ? "" : ` of ${dev}`;
    const target = dst.includes("/") ? parseCidr(dst) : hostOf(dst);
    const isSpecific = target !== undefined && target.prefix >= SPECIFIC_PREFIX[target.version];
    const gateways = others.flatMap(({ gateway, via }) => hostOf(gateway ?? via?.host ?? "") ?? []);
    return [
      ...(isSpecific ? [{ cidr: target, what: `there is a route to ${dst}${of}` }] : []),
      ...gateways.map((cidr) => ({ cidr, what: `a gateway${of} is in it` })),
    ];
  });
}

/** Returns name servers and search domains of this machine, from systemd-resolved if it runs, and from resolv.conf. */
async function readNames(options: ReadMachineOptions, links: ReadonlySet<string>): Promise<MachineState> {
  const { resolvConf = "/etc/resolv.conf", resolvedDirectory = "/run/systemd/resolve" } = options;
  const isResolved = existsSync(resolvedDirectory);
  const servers = isResolved ? await askResolved("dns", options) : undefined;
  const domains = isResolved ? await askResolved("domain", options) : undefined;
  // resolved writes this file itself, so it contains the same answer, perhaps an older one.
  const file = servers !== undefined && isBelow(resolvConf, resolvedDirectory) ? "" : readText(resolvConf);
  const lines = file.split("\n").map((line) => line.trim().split(/\s+/));
  const inFile = (...keys: string[]) =>
    lines.flatMap(([key = "", ...values]) => (keys.includes(key) ? values : []));
  const allServers = [...ofLinks(servers ?? "", links), ...inFile("nameserver")];
  const allDomains = [...ofLinks(domains ?? "", links), ...inFile("search", "domain")];
  return {
    claims: allServers.flatMap((text) => {
      const cidr = hostOf(addressOf(text));
      return cidr === undefined ? [] : [{ cidr, what: `${addressOf(text)} is a DNS server of this machine` }];
    }),
    domains: allDomains.flatMap((text) => {
      const domain = text.replace(/^~/, "").replace(/\.$/, "").toLowerCase();
      return domain === "" ? [] : [{ domain, what: `this machine looks for names in ${domain}` }];
    }),
  };
}

/** Returns the values of `resolvectl dns` and `domain` for existing links (resolvectl(1)). */
function ofLinks(answer: string, links: ReadonlySet<string>): string[] {
  return answer.split("\n").flatMap((line) => {
    const [, link, values = ""] = /^(?:Global|Link \d+ \(([^)]*)\)):\s*(.*)$/.exec(line.trim()) ?? [];
    if (link !== undefined && !links.has(link)) return [];
    return values.split(/\s+/).filter((value) => value !== "");
  });
}

/** `1.1.1.1`, `[::1]:53`, `1.1.1.1:53`, `fe80::1%eth0`, `9.9.9.9#dns.quad9.net` (resolved.conf(5)). */
function addressOf(text: string): string {
  const [server = ""] = text.split(/[#%]/);
  const bracketed = /^\[([^\]]*)\]/.exec(server)?.[1];
  if (bracketed !== undefined) return bracketed;
  return /^[\d.]+:\d+$/.test(server) ? server.slice(0, server.indexOf(":")) : server;
}

function askResolved(
  what: "dns" | "domain",
  { signal, resolvectl = "resolvectl" }: ReadMachineOptions,
): Promise<string | undefined> {
  const either = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
  const env = { ...process.env, LC_ALL: "C" };
  return new Promise((resolve, reject) => {
    execFile(resolvectl, ["--no-pager", what], { env, signal: either }, (error, stdout) => {
      if (signal.aborted) reject(signal.reason);
      else resolve(error === null ? stdout : undefined);
    });
  });
}

function isBelow(file: string, directory: string): boolean {
  try {
    return realpathSync(file).startsWith(`${realpathSync(directory)}/`);
  } catch {
    return false;
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8").slice(0, RESOLV_CONF_BYTES);
  } catch {
    return "";
  }
}
