/**
 * A relay's address as people write it: `http(s)://[user:password@]host[:port][/prefix]`. Only the base URL identifies
 * the relay. User and password are for a proxy in front of it (RFC 7617), and the zone of a link-local address (RFC
 * 6874, `[fe80::1%25eth0]`) has a meaning only on this machine.
 */

export interface RelayAddress {
  /** The base URL: without login, zone, query, fragment and trailing slashes. */
  readonly url: URL;
  /** `user:password` for HTTP Basic authentication. */
  readonly login?: string;
  /** The interface of a link-local address. */
  readonly zone?: string;
}

/** Matches a zone, written `%25eth0` (RFC 6874) or, as in commands, `%eth0`. The URL standard knows neither. */
const ZONED = /^([a-z]+:\/\/(?:[^/?#@]*@)?\[fe[89ab][0-9a-f:.]*)%(?:25)?([\w.~-]{1,15})(\].*)$/is;

/** Parses a relay's address; accepts `ws` and `wss` as `http` and `https`. Returns undefined for anything else. */
export function parseRelayAddress(text: string): RelayAddress | undefined {
  const scheme = text.trim().replace(/^ws(s?):/i, "http$1:");
  const [, before, zone, after] = ZONED.exec(scheme) ?? [];
  const url = URL.parse(zone === undefined ? scheme : `${before}${after}`);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return undefined;
  const login = loginOf(url);
  if (login === false) return undefined;
  const base = new URL(url.origin);
  base.pathname = url.pathname.replace(/\/+$/, "");
  return {
    url: base,
    ...(login === undefined ? {} : { login }),
    ...(zone === undefined ? {} : { zone }),
  };
}

/**
 * Returns the text without users and passwords in URLs, to be shown and logged. Keeps the placeholder `USER:PASSWORD`
 * of hints.
 */
export function withoutLogins(text: string): string {
  return text.replaceAll(/(:\/\/)(?!USER:PASSWORD@[^@]*$)[^\s/?#'"]*@/gm, "$1…@");
}

/** Returns `user:password` of a URL, undefined if it has neither, and false if Basic cannot send them. */
export function loginOf({ username, password }: URL): string | undefined | false {
  if (username === "" && password === "") return undefined;
  try {
    const user = decodeURIComponent(username);
    // RFC 7617 section 2: the first colon ends the user's name.
    return user.includes(":") ? false : `${user}:${decodeURIComponent(password)}`;
  } catch {
    return false;
  }
}
