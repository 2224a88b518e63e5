import { formatAddress, type IpAddress, parseAddress } from "../../shared/frame/address.ts";
import { type Cidr, containsAddress, parseCidr } from "../../shared/frame/cidr.ts";
import { usage } from "../../shared/values/fault.ts";

/** IPv4 in IPv6 (RFC 4291 section 2.5.5.2): the form of IPv4 on a socket that listens on both. */
const MAPPED = 0xffffn;

/** Maximum length read of `X-Forwarded-For`, in characters: more hops than any request takes. */
const HOPS_LENGTH = 1_024;

/** The reverse proxies whose `X-Forwarded-For` the relay trusts. */
export class TrustedProxies {
  readonly #ranges: readonly Cidr[];

  private constructor(ranges: readonly Cidr[]) {
    this.#ranges = ranges;
  }

  /**
   * Parses addresses and CIDRs separated by commas.
   *
   * @throws Fault for anything else
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
          `'${part}' is neither an address nor a CIDR`,
          "Write --trusted-proxy 10.0.0.2 or 10.0.0.0/24; several with commas between them.",
        );
      });
    return new TrustedProxies(ranges);
  }

  /**
   * Returns the real source of a request: the last hop of `X-Forwarded-For` that is not a trusted proxy. Never reads
   * entries before it, which a stranger may have written.
   *
   * @param peer the address that the connection comes from
   * @param forwardedFor the header, all values joined by commas
   */
  addressOf(peer: string, forwardedFor: string | undefined): string {
    return this.#walk(peer, forwardedFor).address;
  }

  /**
   * Returns the number of trusted proxies that a request came through, as {@link addressOf} counts them; 0 if it came
   * directly.
   */
  countOf(peer: string, forwardedFor: string | undefined): number {
    return this.#walk(peer, forwardedFor).proxies;
  }

  #walk(peer: string, forwardedFor: string | undefined): { address: string; proxies: number } {
    let address = parseAddress(peer);
    if (address === undefined) return { address: peer, proxies: 0 };
    address = unmapped(address);
    let proxies = 0;
    // The last hops count, so the cut removes what strangers wrote at the front.
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

/** Parses an address as proxies write it: some add the port, and then brackets around IPv6. */
function parseHop(text: string): IpAddress | undefined {
  const hop = text.trim();
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop;
  return parseAddress(bare);
}

function unmapped(address: IpAddress): IpAddress {
  return typeof address === "bigint" && address >> 32n === MAPPED ? Number(address & 0xffff_ffffn) : address;
}
