import type { IncomingHttpHeaders } from "node:http";
import type { TrustedProxies } from "./arrivals/trusted-proxies.ts";

/** Where a client reaches the relay, as far as its request tells. */
export interface ReachedAt {
  /** The origin: `https://relay.example`, with the port where it is not the scheme's own (RFC 6454 section 6.2). */
  readonly origin: string;
  /** The URL that the relay's paths are below, without a slash at its end. */
  readonly base: string;
  /** Why links that are made of it may lead nowhere, if they may: what is missing, and what to do about it. */
  readonly doubt: { readonly message: string; readonly hint: string } | undefined;
}

export interface OriginOptions {
  /** What the operator says; it wins. */
  readonly publicUrl: URL | undefined;
  readonly trustedProxies: TrustedProxies;
  /** Whether the relay serves TLS itself. */
  readonly tls: boolean;
}

/** What a request tells of where it was sent to. */
export interface Asked {
  /** The address that the connection comes from. */
  readonly peer: string;
  readonly headers: IncomingHttpHeaders;
}

/** Characters of a host, with its port: a name has 253 at most (RFC 1035 section 2.3.4). */
const HOST_LENGTH = 261;

/** Characters of a forwarded header that are read: more than any chain of proxies writes. */
const HEADER_LENGTH = 1_024;

/** A host as `Host` may have it (RFC 9110 section 7.2): a name or an IPv4 address, or IPv6 in brackets; then a port. */
const HOST = /^(?:[a-z0-9_](?:[a-z0-9_.-]{0,252})|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i;

/**
 * Returns where a request reached the relay. The challenge of a tunnel, the proofs of devices, the links of invites and
 * those of lists all go by it.
 *
 * The operator's `--public-url` wins. Else the request says it: a trusted proxy by `X-Forwarded-Proto` and
 * `X-Forwarded-Host`, all others by `Host`. SECURITY.md says what follows from believing `Host`.
 *
 * @returns undefined where the request names no host, or none that can be
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
 * Returns what the first of the trusted proxies wrote. Each of them appends to what it was sent, or replaces it; what
 * stands before is a stranger's.
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

/** A request that came through a proxy, as it seems, which the relay was not told of: what it says is not believed. */
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
