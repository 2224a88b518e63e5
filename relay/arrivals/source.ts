import { parseAddress } from "../../shared/frame/address.ts";

/** A group of addresses that counts as one source. */
export interface Source {
  readonly key: string;
  /** Factor by which its limit exceeds that of a single source. */
  readonly times: number;
}

/** Factor by which the limit of a /48 exceeds that of one /64: enough for several honest hosts at one site. */
const SITE_TIMES = 4;

/**
 * Returns the sources that an address counts for, narrowest first. A host has a whole /64 of IPv6, and a site a /48
 * (RFC 6177 section 2), so no host gets more by changing its address. IPv4 has one source: the address.
 *
 * @param text an address, with or without a zone; other texts are sources of their own
 */
export function sourcesOf(text: string): readonly Source[] {
  const zone = text.indexOf("%");
  const address = parseAddress(zone < 0 ? text : text.slice(0, zone));
  if (typeof address !== "bigint") return [{ key: text, times: 1 }];
  return [
    { key: `${(address >> 64n).toString(16)}/64`, times: 1 },
    { key: `${(address >> 80n).toString(16)}/48`, times: SITE_TIMES },
  ];
}

/** Counts things by source. It holds one number for each source whose count is not 0. */
export class SourceCounter {
  readonly #each: number;
  readonly #counts = new Map<string, number>();

  /**
   * Creates a counter.
   *
   * @param each maximum for one source
   */
  constructor(each: number) {
    this.#each = each;
  }

  isFull(address: string): boolean {
    return sourcesOf(address).some(({ key, times }) => (this.#counts.get(key) ?? 0) >= this.#each * times);
  }

  add(address: string): void {
    for (const { key } of sourcesOf(address)) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  remove(address: string): void {
    for (const { key } of sourcesOf(address)) {
      const count = (this.#counts.get(key) ?? 0) - 1;
      if (count > 0) this.#counts.set(key, count);
      else this.#counts.delete(key);
    }
  }
}
