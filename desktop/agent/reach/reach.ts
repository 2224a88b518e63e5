/** How this machine reaches a relay, besides the relay's URL. */
import { z } from "zod";

/** Maximum length of a stored list of certificates, in characters. */
export const CA_CHARACTERS = 32_768;

/** The part that is stored with a network or a device. */
export const reachRecord = z.object({
  /** `user:password` for a proxy in front of the relay. */
  login: z.string().max(1_024).optional(),
  /** The interface for a link-local address. */
  zone: z.string().max(15).optional(),
  /** URL of the outgoing HTTP proxy with its login, or `none`; if absent, the environment's. */
  proxy: z.string().max(2_048).optional(),
  /** Certificates in PEM that are trusted in addition to the system's. */
  ca: z.string().max(CA_CHARACTERS).optional(),
});

export type ReachRecord = z.infer<typeof reachRecord>;

export interface Reach extends Readonly<ReachRecord> {
  /** Proxy for relays without their own; it takes the place of HTTPS_PROXY and HTTP_PROXY. */
  readonly usualProxy?: string | undefined;
}

/** Only the URL and the environment. */
export const PLAIN: Reach = {};

/** Returns the first with the second's values in place of its own, in the stored form. */
export function merged(first: Readonly<ReachRecord>, second: Reach): ReachRecord {
  const given = Object.entries(second).filter(
    ([name, value]) => value !== undefined && name in reachRecord.shape,
  );
  return { ...first, ...Object.fromEntries(given) };
}

/** Returns the value of `Authorization` or `Proxy-Authorization` (RFC 7617). */
export function basic(login: string): string {
  return `Basic ${Buffer.from(login, "utf8").toString("base64")}`;
}
