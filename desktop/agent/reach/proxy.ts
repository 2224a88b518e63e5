/** Chooses the HTTP proxy for a relay, by option, setting or environment. */

import { isLoopback } from "../../../shared/api/invite-link.ts";
import { loginOf } from "../../../shared/api/relay-address.ts";
import { parseAddress } from "../../../shared/frame/address.ts";
import { containsAddress, parseCidr } from "../../../shared/frame/cidr.ts";
import { usage } from "../../../shared/values/fault.ts";
import type { Reach } from "./reach.ts";

/** An HTTP proxy. */
export interface HttpProxy {
  /** The URL without user and password: safe to show. */
  readonly url: URL;
  /** `user:password`. */
  readonly login: string | undefined;
}

/** In place of a proxy's URL: no proxy, whatever the environment says. */
export const NO_PROXY = "none";

/** Maximum entries of NO_PROXY that are read. */
const MAX_ENTRIES = 1_024;

/**
 * Returns the proxy for a relay; undefined for a direct path. A proxy of the relay's own is always used. A proxy for
 * all relays, from the agent's settings or the environment, is skipped for NO_PROXY, loopback and link-local addresses.
 *
 * @throws Fault `usage.proxy` if the proxy's URL is invalid
 */
export function proxyFor(
  relay: URL,
  reach: Reach,
  env: NodeJS.ProcessEnv = process.env,
): HttpProxy | undefined {
  if (reach.proxy === NO_PROXY) return undefined;
  if (reach.proxy !== undefined) return parseProxy(reach.proxy);
  const usual = reach.usualProxy ?? environmentProxy(relay, env);
  if (usual === undefined || usual === NO_PROXY) return undefined;
  if (isLoopback(relay) || reach.zone !== undefined || isExempt(relay, variable(env, "no_proxy")))
    return undefined;
  return parseProxy(usual);
}

/**
 * Reads a proxy's URL; `host:port` means `http`.
 *
 * @throws Fault `usage.proxy`, without the password
 */
export function parseProxy(text: string): HttpProxy {
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  const login = url === null ? false : loginOf(url);
  if (url === null || login === false || !/^https?:$/.test(url.protocol) || url.hostname === "") {
    throw usage(
      "usage.proxy",
      `'${text.replace(/^.*@/, "…@")}' is not the URL of an HTTP proxy`,
      "Write it as http://proxy.example:3128 or http://USER:PASSWORD@proxy.example:3128, or none.",
    );
  }
  return { url: new URL(url.origin), login };
}

/** Returns the proxy's URL for people: without user and password. */
export function proxyText({ url }: HttpProxy): string {
  return url.origin;
}

/**
 * Follows curl(1), "ENVIRONMENT": the variable of the relay's scheme, then ALL_PROXY. ALL_PROXY may name a SOCKS proxy,
 * which is not supported.
 */
function environmentProxy(relay: URL, env: NodeJS.ProcessEnv): string | undefined {
  const own = variable(env, relay.protocol === "https:" ? "https_proxy" : "http_proxy");
  if (own !== undefined) return own;
  const all = variable(env, "all_proxy");
  return all === undefined || /^(?!https?:)[a-z0-9]+:\/\//i.test(all) ? undefined : all;
}

/** Returns a variable in lower or upper case; undefined if it is empty. */
function variable(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name]?.trim() || env[name.toUpperCase()]?.trim() || undefined;
}

/**
 * Returns whether NO_PROXY names the relay, as curl and Go read it: `*`, a domain with its subdomains (also `.example`
 * and `*.example`), an address, or a range (10.0.0.0/8), each optionally with a port.
 */
function isExempt(relay: URL, list: string | undefined): boolean {
  const host = relay.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const port = relay.port === "" ? (relay.protocol === "https:" ? "443" : "80") : relay.port;
  const entries = (list ?? "").toLowerCase().split(/[\s,]+/, MAX_ENTRIES);
  return entries.some((entry) => entry !== "" && exempts(entry, host, port));
}

function exempts(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  const [, bracketed, plain, only] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [];
  if (only !== undefined && only !== port) return false;
  // An IPv6 address without brackets has no port.
  const name = bracketed ?? plain ?? entry;
  const address = parseAddress(host);
  if (address !== undefined) {
    const range = parseCidr(name);
    return range === undefined ? parseAddress(name) === address : containsAddress(range, address);
  }
  const domain = name.replace(/^\*?\./, "");
  return domain !== "" && (host === domain || host.endsWith(`.${domain}`));
}
