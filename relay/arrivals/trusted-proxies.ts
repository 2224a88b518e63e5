import { formatAddress, type IpAddress, parseAddress } from "../../shared/frame/address.ts";
import { type Cidr, containsAddress, parseCidr } from "../../shared/frame/cidr.ts";
import { usage } from "../../shared/values/fault.ts";

/** IPv4 in IPv6 (RFC 4291 section 2.5.5.2): how a socket that listens on both shows IPv4. */
const MAPPED = 0xffffn;

/** Characters of `X-Forwarded-For` that are read: more hops than any request takes. */
const HOPS_LENGTH = 1_024;

/** The reverse proxies whose word is taken for where a request comes from. */
export class TrustedProxies {
  readonly #ranges: readonly Cidr[];

  private constructor(ranges: readonly Cidr[]) {
    this.#ranges = ranges;
  }

  /**
   * Reads addresses and CIDRs with commas between them.
   *
   * @throws Fault for what is neither
   */
  static parse(text: string): TrustedProxies {
    const ranges = text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "")
      .map((part) => {
        const range = parseCidr(part.includes("/") ? part : `${part}/${part.includes(":") ? 128 : 32}`);
        if (range !== undefined) return range;
        throw usage(
          "relay.trusted-proxy",
          `'${part}' is no address and no CIDR`,
          "Write --trusted-proxy 10.0.0.2 or 10.0.0.0/24; several with commas between them.",
        );
      });
    return new TrustedProxies(ranges);
  }

  /**
   * Where a request really comes from: the last hop of `X-Forwarded-For` that no trusted proxy vouches for another
   * beyond. What a stranger wrote there is never looked at.
   *
   * @param peer the address that the connection comes from
   * @param forwardedFor the header, all of them with commas between
   */
  addressOf(peer: string, forwardedFor: string | undefined): string {
    return this.#walk(peer, forwardedFor).address;
  }

  /** Returns how many trusted proxies a request came through, as {@link addressOf} counts them; 0 if it came directly. */
  countOf(peer: string, forwardedFor: string | undefined): number {
    return this.#walk(peer, forwardedFor).proxies;
  }

  #walk(peer: string, forwardedFor: string | undefined): { address: string; proxies: number } {
    let address = parseAddress(peer);
    if (address === undefined) return { address: peer, proxies: 0 };
    address = unmapped(address);
    let proxies = 0;
    // The last ones count, so what is cut off at the front is what strangers wrote.
    const hops = (forwardedFor ?? "").slice(-HOPS_LENGTH).split(",");
    while (this.#trusts(address)) {
      proxies++;
      const hop = parseHop(hops.pop() ?? "");
      if (hop === undefined) break;
      address = unmapped(hop);
    }
    return { address: formatAddress(address), proxies };
  }

  #trusts(address: IpAddress): boolean {
    return this.#ranges.some((range) => containsAddress(range, address));
  }
}

/** An address as proxies write it: some add the port, and then brackets around IPv6. */
function parseHop(text: string): IpAddress | undefined {
  const hop = text.trim();
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop;
  return parseAddress(bare);
}

function unmapped(address: IpAddress): IpAddress {
  return typeof address === "bigint" && address >> 32n === MAPPED ? Number(address & 0xffff_ffffn) : address;
}
