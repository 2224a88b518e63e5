import type { IncomingHttpHeaders } from "node:http";
import type { TrustedProxies } from "./arrivals/trusted-proxies.ts";

/** The URL at which a client reaches the relay, as far as its request tells. */
export interface ReachedAt {
  /** The origin: `https://relay.example`, with the port unless it is the scheme's default (RFC 6454 section 6.2). */
  readonly origin: string;
  /** The base URL of the relay's paths, without a trailing slash. */
  readonly base: string;
  /** Why links based on it may not work, and what to do about it; undefined if they should. */
  readonly doubt: { readonly message: string; readonly hint: string } | undefined;
}

export interface OriginOptions {
  /** The operator's `--public-url`, which takes precedence. */
  readonly publicUrl: URL | undefined;
  readonly trustedProxies: TrustedProxies;
  /** Whether the relay serves TLS itself. */
  readonly tls: boolean;
}

/** What a request tells about its destination. */
export interface Asked {
  /** The remote address of the connection. */
  readonly peer: string;
  readonly headers: IncomingHttpHeaders;
}

/** Maximum length of a host with its port, in characters: a name has at most 253 (RFC 1035 section 2.3.4). */
const HOST_LENGTH = 261;

/** Number of characters read of a forwarded header: more than any chain of proxies writes. */
const HEADER_LENGTH = 1_024;

/** Matches a value of `Host` (RFC 9110 section 7.2): a name or an IPv4 address, or IPv6 in brackets; then a port. */
const HOST = /^(?:[a-z0-9_](?:[a-z0-9_.-]{0,252})|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i;

/**
 * Returns the URL at which a request reached the relay. The challenge of a tunnel, the proofs of devices, and the links
 * of invites and lists depend on it.
 *
 * The operator's `--public-url` wins. Otherwise the request tells it: by `X-Forwarded-Proto` and `X-Forwarded-Host` if
 * it comes from a trusted proxy, by `Host` if not. SECURITY.md describes the consequences of trusting `Host`.
 *
 * @returns undefined if the request names no host, or an invalid one
 */
export function originOf(
  { peer, headers }: Asked,
  { publicUrl, trustedProxies, tls }: OriginOptions,
): ReachedAt | undefined {
  if (publicUrl !== undefined) {
    return { origin: publicUrl.origin, base: publicUrl.href.replace(/\/+$/, ""), doubt: undefined };
  }
  const proxies = trustedProxies.countOf(peer, headers["x-forwarded-for"]?.toString());
  const isTrusted = proxies > 0;
  const proto = said(headers["x-forwarded-proto"], proxies)?.toLowerCase();
  const forwardedHost = said(headers["x-forwarded-host"], proxies);
  const scheme = isTrusted && (proto === "http" || proto === "https") ? proto : tls ? "https" : "http";
  const host = (isTrusted ? forwardedHost : undefined) ?? headers.host;
  const origin = host === undefined ? undefined : originAt(scheme, host);
  if (origin === undefined) return undefined;
  return {
    origin,
    base: origin,
    doubt: isTrusted ? proxyDoubt(peer, proto) : strangerDoubt(peer, origin, proto, forwardedHost),
  };
}

/**
 * Returns the value that the first trusted proxy wrote. Each proxy appends to the header or replaces it; earlier values
 * come from strangers.
 */
function said(header: string | readonly string[] | undefined, proxies: number): string | undefined {
  const values = (header ?? "").toString().slice(-HEADER_LENGTH).split(",");
  return values.at(-Math.min(Math.max(1, proxies), values.length))?.trim() || undefined;
}

function originAt(scheme: string, host: string): string | undefined {
  if (host.length > HOST_LENGTH || !HOST.test(host)) return undefined;
  return URL.parse(`${scheme}://${host}`)?.origin;
}

function proxyDoubt(peer: string, proto: string | undefined): ReachedAt["doubt"] {
  if (proto === "http" || proto === "https") return undefined;
  return {
    message: `the proxy ${peer} does not say whether it is reached by HTTPS`,
    hint: "Have the proxy send X-Forwarded-Proto (and X-Forwarded-Host unless it passes Host on), or start the relay with --public-url https://RELAY.",
  };
}

/** Returns a doubt if the request seems to have come through an untrusted proxy, whose headers are ignored. */
function strangerDoubt(
  peer: string,
  origin: string,
  proto: string | undefined,
  host: string | undefined,
): ReachedAt["doubt"] {
  const told = new URL(origin);
  const scheme = proto ?? told.protocol.slice(0, -1);
  if (originAt(scheme, host ?? told.host) === origin) return undefined;
  return {
    message: `the request came through a proxy at ${peer} that is not trusted, so the relay does not know where it is reached`,
    hint: `Start the relay with --public-url https://RELAY, or with --trusted-proxy ${peer} if that proxy sets X-Forwarded-Proto and X-Forwarded-Host itself.`,
  };
}
