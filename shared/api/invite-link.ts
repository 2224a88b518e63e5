/**
 * An invite as a link: `https://relay.example/join#v1.<tenant>.<secret>`. The secret is in the fragment, which no
 * browser sends anywhere, so that it reaches no log. `laneway://relay.example/join#…` is the same for the desktop app
 * and means HTTPS; a relay without TLS has links of `http://` alone.
 */

import { parseRelayAddress } from "./relay-address.ts";

export interface InviteLink {
  /** The relay's base URL, `http(s)://host[:port][/prefix]`, without a slash at its end. */
  readonly relay: string;
  readonly tenant: string;
  /** 32 bytes, base64url without padding. */
  readonly secret: string;
  /** `user:password` for a proxy in front of the relay, where the link has them before its host. */
  readonly login?: string;
  /** The interface of a link-local address, `[fe80::1%25eth0]`. */
  readonly zone?: string;
}

const LINK =
  /^(https?|laneway):\/\/([^/?#@:\s]+:[^/?#@\s]+@)?([^/?#@\s]+)((?:\/[^/?#\s]+)*)\/join#v1\.([a-z0-9-]{1,63})\.([A-Za-z0-9_-]{43})$/;

/** Reads a link of either kind; undefined for anything else. */
export function parseInviteLink(text: string): InviteLink | undefined {
  const match = LINK.exec(text.trim());
  if (match === null) return undefined;
  const [, scheme = "", login = "", host = "", prefix = "", tenant = "", secret = ""] = match;
  // What is no host, such as a port that can't be, is found out here.
  const relay = parseRelayAddress(`${scheme === "laneway" ? "https" : scheme}://${login}${host}${prefix}`);
  if (relay === undefined) return undefined;
  const { url, ...more } = relay;
  return { relay: url.href.replace(/\/+$/, ""), tenant, secret, ...more };
}

/** Writes the link that {@link parseInviteLink} reads the same. */
export function formatInviteLink({ relay, tenant, secret }: InviteLink): string {
  return `${relay.replace(/\/+$/, "")}/join#v1.${tenant}.${secret}`;
}

/** The same link for the desktop app; undefined where the relay is not reached by HTTPS. */
export function formatAppLink(link: InviteLink): string | undefined {
  const web = formatInviteLink(link);
  return web.startsWith("https://") ? web.replace(/^https/, "laneway") : undefined;
}

/** Whether a relay at this URL is found from the machine that it runs on alone: at a loopback address (RFC 6890). */
export function isLoopback({ hostname }: URL): boolean {
  return /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
