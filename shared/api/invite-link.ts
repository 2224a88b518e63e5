/**
 * An invite as a link: `https://relay.example/join#v1.<tenant>.<secret>`. The secret is in the fragment, which browsers
 * never send, so it reaches no log. `laneway://relay.example/join#…` is the same for the desktop app and implies HTTPS;
 * a relay without TLS has only `http://` links.
 */

import { parseRelayAddress } from "./relay-address.ts";

export interface InviteLink {
  /** The relay's base URL, `http(s)://host[:port][/prefix]`, without a trailing slash. */
  readonly relay: string;
  readonly tenant: string;
  /** 32 bytes, base64url without padding. */
  readonly secret: string;
  /** `user:password` for a proxy in front of the relay, if the link has them before its host. */
  readonly login?: string;
  /** The interface of a link-local address, `[fe80::1%25eth0]`. */
  readonly zone?: string;
}

const LINK =
  /^(https?|laneway):\/\/([^/?#@:\s]+:[^/?#@\s]+@)?([^/?#@\s]+)((?:\/[^/?#\s]+)*)\/join#v1\.([a-z0-9-]{1,63})\.([A-Za-z0-9_-]{43})$/;

/** Parses a link of either kind; returns undefined for anything else. */
export function parseInviteLink(text: string): InviteLink | undefined {
  const match = LINK.exec(text.trim());
  if (match === null) return undefined;
  const [, scheme = "", login = "", host = "", prefix = "", tenant = "", secret = ""] = match;
  // Parsing the address rejects invalid hosts and ports.
  const relay = parseRelayAddress(`${scheme === "laneway" ? "https" : scheme}://${login}${host}${prefix}`);
  if (relay === undefined) return undefined;
  const { url, ...more } = relay;
  return { relay: url.href.replace(/\/+$/, ""), tenant, secret, ...more };
}

/** Returns the link from which {@link parseInviteLink} reads the same values. */
export function formatInviteLink({ relay, tenant, secret }: InviteLink): string {
  return `${relay.replace(/\/+$/, "")}/join#v1.${tenant}.${secret}`;
}

/** Returns the same link for the desktop app; undefined unless the relay is reached by HTTPS. */
export function formatAppLink(link: InviteLink): string | undefined {
  const web = formatInviteLink(link);
  return web.startsWith("https://") ? web.replace(/^https/, "laneway") : undefined;
}

/** Returns whether only this machine reaches a relay at this URL: at a loopback address (RFC 6890). */
export function isLoopback({ hostname }: URL): boolean {
  return /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
