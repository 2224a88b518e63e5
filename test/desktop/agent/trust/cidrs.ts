import fc from "fast-check";

/** Returns anything in the form of a CIDR, of both versions, with edge cases more often than by chance. */
export function anyCidr(): fc.Arbitrary<string> {
  const ipv4 = fc
    .tuple(
      fc.oneof(fc.ipV4(), fc.constantFrom("127.0.0.1", "169.254.169.254", "224.0.0.1", "10.20.0.7")),
      fc.nat(33),
    )
    .map(([address, prefix]) => `${address}/${prefix}`);
  const ipv6 = fc
    .tuple(fc.oneof(fc.ipV6(), fc.constantFrom("::1", "fe80::1", "ff02::1", "fd00:1::7")), fc.nat(129))
    .map(([address, prefix]) => `${address}/${prefix}`);
  return fc.oneof(ipv4, ipv6);
}
