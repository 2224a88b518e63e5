/** How this machine gets to a relay, besides the relay's URL. */
import { z } from "zod";

/** The largest list of certificates that is kept, in characters. */
export const CA_CHARACTERS = 32_768;

/** What is kept of it, with a network or a device. */
export const reachRecord = z.object({
  /** `user:password` for a proxy in front of the relay. */
  login: z.string().max(1_024).optional(),
  /** The interface of a link-local address. */
  zone: z.string().max(15).optional(),
  /** The URL of the HTTP proxy on the way out, with its login, or `none`; absent: the environment's. */
  proxy: z.string().max(2_048).optional(),
  /** Certificates in PEM that are trusted besides the system's. */
  ca: z.string().max(CA_CHARACTERS).optional(),
});

export type ReachRecord = z.infer<typeof reachRecord>;

export interface Reach extends Readonly<ReachRecord> {
  /** The proxy for every relay that has none of its own; it stands for HTTPS_PROXY and HTTP_PROXY. */
  readonly usualProxy?: string | undefined;
}

/** Nothing but the URL and the environment. */
export const PLAIN: Reach = {};

/** Returns the first with what the second has, where it has something: as it is kept. */
export function merged(first: Readonly<ReachRecord>, second: Reach): ReachRecord {
  const given = Object.entries(second).filter(
    ([name, value]) => value !== undefined && name in reachRecord.shape,
  );
  return { ...first, ...Object.fromEntries(given) };
}

/** The value of `Authorization` and `Proxy-Authorization` (RFC 7617). */
export function basic(login: string): string {
  return `Basic ${Buffer.from(login, "utf8").toString("base64")}`;
}
