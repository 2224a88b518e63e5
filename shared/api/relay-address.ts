/**
 * A relay as it is named by people: `http(s)://[user:password@]host[:port][/prefix]`. What identifies the relay is its
 * base URL alone. User and password are for a proxy in front of it (RFC 7617), and the zone of a link-local address
 * (RFC 6874, `[fe80::1%25eth0]`) has a meaning on this machine only.
 */

export interface RelayAddress {
  /** The base URL: without login, zone, query, fragment and closing slashes. */
  readonly url: URL;
  /** `user:password` for HTTP Basic authentication. */
  readonly login?: string;
  /** The interface that a link-local address is at. */
  readonly zone?: string;
}

/** A zone is written `%25eth0` (RFC 6874) or, as in commands, `%eth0`. The URL standard knows neither. */
const ZONED = /^([a-z]+:\/\/(?:[^/?#@]*@)?\[fe[89ab][0-9a-f:.]*)%(?:25)?([\w.~-]{1,15})(\].*)$/is;

/** Reads how a relay is named; `ws` and `wss` are taken for `http` and `https`. Returns undefined for anything else. */
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
 * Returns the text without what stands for a user and a password in a URL, to be shown and logged. Advice has
 * `USER:PASSWORD` there, which stays.
 */
export function withoutLogins(text: string): string {
  return text.replaceAll(/(:\/\/)(?!USER:PASSWORD@[^@]*$)[^\s/?#'"]*@/gm, "$1…@");
}

/** Returns `user:password` of a URL, undefined if it has neither, and false where they can't be sent by Basic. */
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
