/** Which HTTP proxy a relay is reached through, by option, setting or environment. */

import { isLoopback } from "../../../shared/api/invite-link.ts";
import { loginOf } from "../../../shared/api/relay-address.ts";
import { parseAddress } from "../../../shared/frame/address.ts";
import { containsAddress, parseCidr } from "../../../shared/frame/cidr.ts";
import { usage } from "../../../shared/values/fault.ts";
import type { Reach } from "./reach.ts";

/** An HTTP proxy. */
export interface HttpProxy {
  /** Its URL, without user and password: safe to show. */
  readonly url: URL;
  /** `user:password`. */
  readonly login: string | undefined;
}

/** In place of a proxy's URL: none, whatever the environment says. */
export const NO_PROXY = "none";

/** Entries of NO_PROXY that are read. */
const MAX_ENTRIES = 1_024;

/**
 * Returns the proxy for a relay, undefined where the way is direct. A proxy of the relay's own is used as it is. One for
 * all relays, of the agent's settings or the environment, is not used for NO_PROXY, loopback and link-local addresses.
 *
 * @throws Fault `usage.proxy` where the one that is named can't be
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
 * Reads a proxy's URL; `host:port` is one of `http`.
 *
 * @throws Fault `usage.proxy`, without its password
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

/** The proxy's URL for people: without user and password. */
export function proxyText({ url }: HttpProxy): string {
  return url.origin;
}

/** As curl(1), "ENVIRONMENT", has it: by the relay's scheme, then for all. ALL_PROXY is for SOCKS as well, which is not spoken. */
function environmentProxy(relay: URL, env: NodeJS.ProcessEnv): string | undefined {
  const own = variable(env, relay.protocol === "https:" ? "https_proxy" : "http_proxy");
  if (own !== undefined) return own;
  const all = variable(env, "all_proxy");
  return all === undefined || /^(?!https?:)[a-z0-9]+:\/\//i.test(all) ? undefined : all;
}

/** A variable in lower case or in capitals; undefined where it is empty. */
function variable(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name]?.trim() || env[name.toUpperCase()]?.trim() || undefined;
}

/**
 * Whether NO_PROXY names the relay: `*`, a domain with all below it (`.example` and `*.example` too), an address, a range
 * (10.0.0.0/8), each with a port if that is to be the only one. It is what curl and Go take.
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
