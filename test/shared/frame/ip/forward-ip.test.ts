import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readHops, takeHop } from "../../../../shared/frame/ip/forward-ip.ts";
import { decodeIpv4, encodeIpv4 } from "../../../../shared/frame/ip/ipv4.ts";
import { decodeIpv6, encodeIpv6 } from "../../../../shared/frame/ip/ipv6.ts";

describe("taking a packet's hop", () => {
  it("keeps the checksum of an IPv4 header right, whatever else it contains", () => {
    fc.assert(
      fc.property(
        fc.record({
          ttl: fc.integer({ min: 1, max: 255 }),
          identification: fc.nat(0xffff),
          protocol: fc.nat(255),
          source: fc.nat(0xffff_ffff),
          destination: fc.nat(0xffff_ffff),
          payloadLength: fc.constant(0),
        }),
        (fields) => {
          const bytes = new Uint8Array(20);
          encodeIpv4(bytes, 0, fields);

          takeHop(bytes, 0);

          expect(decodeIpv4(bytes, 0, 20)).toMatchObject({ ...fields, ttl: fields.ttl - 1 });
          expect(readHops(bytes, 0)).toBe(fields.ttl - 1);
        },
      ),
    );
  });

  it("decrements the hop limit of an IPv6 header", () => {
    const bytes = new Uint8Array(43);
    encodeIpv6(bytes, 3, { nextHeader: 59, source: 1n, destination: 2n, payloadLength: 0, hopLimit: 9 });

    expect(readHops(bytes, 3)).toBe(9);
    takeHop(bytes, 3);

    expect(decodeIpv6(bytes, 3, 43)).toMatchObject({ hopLimit: 8, source: 1n, destination: 2n });
  });
});
