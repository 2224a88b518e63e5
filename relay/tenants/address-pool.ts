import { type Ipv4Cidr, lastAddressOf, networkOf, parseCidr } from "../../shared/frame/cidr.ts";
import type { Network } from "./model.ts";

/** The addresses of a subnet: those for devices, and the one that the hub keeps to itself. */
export interface AddressPool {
  readonly prefix: number;
  /** The hub's own: gateway and name server. */
  readonly hub: number;
  /** The first and the last that devices may have. */
  readonly first: number;
  readonly last: number;
}

/** What a network has to give; undefined where it gives nothing, is not IPv4, or has no room but for the hub. */
export function addressPool({
  subnet,
  addresses,
}: Pick<Network, "subnet" | "addresses">): AddressPool | undefined {
  const cidr = subnet === undefined || !addresses ? undefined : parseCidr(subnet);
  if (cidr?.version !== 4 || cidr.prefix > 30) return undefined;
  const base = (networkOf(cidr) as Ipv4Cidr).address;
  return {
    prefix: cidr.prefix,
    hub: base + 1,
    first: base + 2,
    // The last address of all is the subnet's broadcast address.
    last: Number(lastAddressOf(cidr)) - 1,
  };
}
