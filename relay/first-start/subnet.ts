import { BlockList } from "node:net";
import { randomBelow } from "../crypto/secret.ts";

/** Attempts at a subnet that the machine does not have; a machine whose interfaces cover all of 10.128.0.0/9 is odd. */
const ATTEMPTS = 64;

/**
 * Returns a subnet for a new relay's first network: a random /24 of 10.128.0.0/9 (RFC 1918). Few sites number so high,
 * and a random one is unlikely to be in the way where a device is or goes.
 *
 * @param own the machine's own addresses with their prefix lengths, like `192.0.2.1/24`, which the subnet must not overlap
 */
export function firstSubnet(own: readonly string[]): string {
  const taken = new BlockList();
  for (const cidr of own) {
    const [address = "", length = ""] = cidr.split("/");
    // A longer prefix takes all of its /24.
    if (!address.includes(":")) taken.addSubnet(address, Math.min(Number(length), 24), "ipv4");
  }
  let base = randomBase();
  for (let attempt = 1; attempt < ATTEMPTS && taken.check(base, "ipv4"); attempt++) base = randomBase();
  return `${base}/24`;
}

function randomBase(): string {
  return `10.${128 + randomBelow(128)}.${randomBelow(256)}.0`;
}
