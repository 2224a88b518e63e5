import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { written } from "../../../../shared/frame/bytes.ts";
import {
  decodeUdp,
  encodeUdp,
  isUdpIntact,
  sealUdp,
  type UdpFields,
  type UdpHeader,
} from "../../../../shared/frame/ip/udp.ts";
import { ipv4Address, ipv6Address, udpHeader } from "../arbitraries.ts";
import { encodeInNoise, expectToKeepWithinBounds, expectToRefuseSenselessRanges } from "../bounds.ts";

const datagram = (fields: UdpFields) => {
  const bytes = new Uint8Array(128);
  return bytes.subarray(0, written(encodeUdp(bytes, 0, fields)) + fields.payloadLength);
};

const plain: UdpFields = { sourcePort: 49152, destinationPort: 4789, payloadLength: 5 };

const addresses = fc.oneof(fc.tuple(ipv4Address, ipv4Address), fc.tuple(ipv6Address, ipv6Address));

describe("a UDP header", () => {
  it("decodes to what was encoded, and ends before the frame's padding", () => {
    fc.assert(
      fc.property(udpHeader, fc.nat(16), (header, padding) => {
        const { bytes, start, written, end } = encodeInNoise(
          (into, offset) => encodeUdp(into, offset, header),
          header.payloadLength + padding,
        );
        const decoded = decodeUdp(bytes, start, end);
        expect(decoded).toEqual({ ...header, payload: written, end: written + header.payloadLength });
      }),
    );
  });

  it("is decoded within its bytes, whatever they are", () => {
    expectToKeepWithinBounds(decodeUdp, udpHeader.map(datagram));
    expectToRefuseSenselessRanges(decodeUdp, datagram(plain));
  });

  it("has the bytes of RFC 768, without a checksum by default", () => {
    expect(datagram(plain).subarray(0, 8)).toEqual(Uint8Array.of(0xc0, 0, 0x12, 0xb5, 0, 13, 0, 0));
  });

  it("is refused with the reason: truncated, bad length", () => {
    const bytes = datagram(plain);
    expect(decodeUdp(bytes, 0, 7)).toMatchObject({ layer: "udp", reason: "truncated" });
    expect(decodeUdp(bytes, 0, 12)).toMatchObject({ layer: "udp", reason: "truncated" });
    bytes[5] = 7;
    expect(decodeUdp(bytes, 0, 13)).toMatchObject({ layer: "udp", reason: "bad-length" });
  });

  it.each<Partial<UdpHeader>>([
    { sourcePort: 0x1_0000 },
    { destinationPort: -1 },
    { payloadLength: 65_528 },
    { checksum: 0x1_0000 },
  ])("is not encoded with a field out of range, not even in part: %o", (wrong) => {
    const bytes = new Uint8Array(8);
    expect(encodeUdp(bytes, 0, { ...plain, ...wrong })).toBeUndefined();
    expect(bytes).toEqual(new Uint8Array(8));
  });

  it("is not encoded past the end of a buffer", () => {
    expect(encodeUdp(new Uint8Array(8), 1, plain)).toBeUndefined();
  });
});

describe("the UDP checksum", () => {
  it("is right once sealed, for the addresses it was sealed with, over payloads of any length", () => {
    fc.assert(
      fc.property(
        addresses,
        fc.uint8Array({ maxLength: 64 }),
        port(),
        ([source, destination], data, from) => {
          const bytes = new Uint8Array(128);
          const payload = written(
            encodeUdp(bytes, 3, { ...plain, sourcePort: from, payloadLength: data.length }),
          );
          bytes.set(data, payload);
          const end = written(sealUdp(bytes, 3, source, destination));
          expect(end).toBe(payload + data.length);
          expect(decodeUdp(bytes, 3, end)).not.toMatchObject({ checksum: 0 });
          expect(isUdpIntact(bytes, 3, end, source, destination)).toBe(true);
          const other = typeof source === "number" ? (source ^ 1) >>> 0 : source ^ 1n;
          expect(isUdpIntact(bytes, 3, end, other, destination)).toBe(false);
          bytes[3] = (bytes[3] ?? 0) ^ 0x10;
          expect(isUdpIntact(bytes, 3, end, source, destination)).toBe(false);
        },
      ),
    );
  });

  it("is written as 0xffff if it is 0, which would mean no checksum", () => {
    // The words must add up to 0xffff: the protocol and twice the length, with a source port for the rest.
    const bytes = datagram({ sourcePort: 0xffff - 17 - 8 - 8, destinationPort: 0, payloadLength: 0 });
    sealUdp(bytes, 0, 0, 0);
    expect(decodeUdp(bytes, 0, 8)).toMatchObject({ checksum: 0xffff });
    expect(isUdpIntact(bytes, 0, 8, 0, 0)).toBe(true);
  });

  it("may be missing over IPv4, and not over IPv6", () => {
    const bytes = datagram(plain);
    expect(isUdpIntact(bytes, 0, bytes.length, 1, 2)).toBe(true);
    expect(isUdpIntact(bytes, 0, bytes.length, 1n, 2n)).toBe(false);
  });

  it("is not right for what is no datagram, and not sealed where the payload isn't there", () => {
    const bytes = datagram(plain);
    expect(isUdpIntact(bytes, 0, 12, 1, 2)).toBe(false);
    expect(sealUdp(bytes.slice(0, 12), 0, 1, 2)).toBeUndefined();
    expect(sealUdp(bytes.slice(0, 4), 0, 1, 2)).toBeUndefined();
  });
});

function port(): fc.Arbitrary<number> {
  return fc.integer({ min: 0, max: 0xffff });
}
