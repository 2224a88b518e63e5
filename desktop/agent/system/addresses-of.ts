import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

/** Returns the addresses of a URL's host; none if its name can't be resolved now. */
export async function addressesOf({ hostname }: URL): Promise<string[]> {
  const host = hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0) return [host];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}
