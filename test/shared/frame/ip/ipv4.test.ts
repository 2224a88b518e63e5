import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { written } from "../../../../shared/frame/bytes.ts";
import { checksum } from "../../../../shared/frame/checksum.ts";
import {
  decodeIpv4,
  encodeIpv4,
  type Ipv4Fields,
  type Ipv4Header,
  PROTOCOL_UDP,
} from "../../../../shared/frame/ip/ipv4.ts";
import { Malformed } from "../../../../shared/frame/malformed.ts";
import { ipv4Header } from "../arbitraries.ts";
import { encodeInNoise, expectToKeepWithinBounds, expectToRefuseSenselessRanges } from "../bounds.ts";

const packet = (fields: Ipv4Fields) => {
  const bytes = new Uint8Array(256);
  const payload = written(encodeIpv4(bytes, 0, fields));
  return bytes.subarray(0, payload + fields.payloadLength);
};

const plain: Ipv4Fields = {
  protocol: PROTOCOL_UDP,
  source: 0xc0a8_0001,
  destination: 0xc0a8_00c7,
  payloadLength: 95,
};

/** The header's checksum made right again after a change, as a sender with ideas of its own would. */
const resealed = (bytes: Uint8Array) => {
  const headerLength = Math.min(((bytes[0] ?? 0) & 0x0f) * 4, bytes.length);
  bytes.fill(0, 10, 12);
  const sum = checksum(bytes, 0, headerLength);
  bytes.set([sum >>> 8, sum & 0xff], 10);
  return bytes;
};

describe("an IPv4 header", () => {
  it("decodes to what was encoded, options included, and ends before the frame's padding", () => {
    fc.assert(
      fc.property(ipv4Header, fc.nat(16), (header, padding) => {
        const { bytes, start, written, end } = encodeInNoise(
          (into, offset) => encodeIpv4(into, offset, header),
          header.payloadLength + padding,
        );
        const decoded = decodeIpv4(bytes, start, end);
        expect(decoded).toEqual({ ...header, payload: written, end: written + header.payloadLength });
      }),
    );
  });

  it("is decoded within its bytes, whatever they are", () => {
    expectToKeepWithinBounds(decodeIpv4, ipv4Header.map(packet));
    expectToRefuseSenselessRanges(decodeIpv4, packet(plain));
  });

  it("is decoded within its bytes also if a wrong field has the right checksum", () => {
    const lies = fc
      .tuple(ipv4Header.map(packet), fc.integer({ min: 0x40, max: 0x4f }), fc.nat(0xffff))
      .map(([bytes, first, length]) => {
        bytes.set([first, bytes[1] ?? 0, length >>> 8, length & 0xff]);
        return resealed(bytes);
      });
    expectToKeepWithinBounds(decodeIpv4, lies);
  });

  it("has the bytes of a known good header, with TTL 64 by default", () => {
    const header = packet({ ...plain, dontFragment: true }).subarray(0, 20);
    expect(Buffer.from(header).toString("hex")).toBe("45000073000040004011b861c0a80001c0a800c7");
  });

  it("is refused with the reason: truncated, bad version, bad length, bad checksum", () => {
    const reason = (change: (bytes: Uint8Array) => void, end = 115) => {
      const bytes = Uint8Array.from(packet(plain));
      change(bytes);
      const result = decodeIpv4(resealed(bytes), 0, end);
      return result instanceof Malformed ? result.code : "none";
    };
    expect(reason(() => {})).toBe("none");
    expect(reason(() => {}, 19)).toBe("ipv4.truncated");
    expect(reason(() => {}, 114)).toBe("ipv4.truncated");
    expect(reason((bytes) => bytes.set([0x65]))).toBe("ipv4.bad-version");
    expect(reason((bytes) => bytes.set([0x44]))).toBe("ipv4.bad-length");
    expect(reason((bytes) => bytes.set([19], 3))).toBe("ipv4.bad-length");

    const flipped = Uint8Array.from(packet(plain));
    flipped[8] = 63;
    expect(decodeIpv4(flipped, 0, 115)).toMatchObject({ layer: "ipv4", reason: "bad-checksum" });
  });

  it("can be rewritten in place from its own view, with its options", () => {
    const options = Uint8Array.of(1, 1, 1, 0x94, 4, 0, 0, 1);
    const bytes = packet({ ...plain, options });
    const decoded = decodeIpv4(bytes, 0, bytes.length);
    if (decoded instanceof Malformed) throw new Error(decoded.code);
    encodeIpv4(bytes, 0, { ...decoded, ttl: decoded.ttl - 1 });
    expect(decodeIpv4(bytes, 0, bytes.length)).toMatchObject({ ttl: 63, options });
  });

  it.each<Partial<Ipv4Header>>([
    { dscp: 64 },
    { ecn: 4 },
    { identification: 0x1_0000 },
    { fragmentOffset: 0x2000 },
    { ttl: 256 },
    { protocol: -1 },
    { source: 2 ** 32 },
    { destination: -1 },
    { options: new Uint8Array(3) },
    { options: new Uint8Array(44) },
    { payloadLength: 65_516 },
    { fragmentOffset: 8_191 },
    { fragmentOffset: 8_186, payloadLength: 28 },
  ])("is not encoded with a field out of range, not even in part: %o", (wrong) => {
    const bytes = new Uint8Array(80);
    expect(encodeIpv4(bytes, 0, { ...plain, ...wrong })).toBeUndefined();
    expect(bytes).toEqual(new Uint8Array(80));
  });

  it("is not encoded past the end of a buffer", () => {
    expect(encodeIpv4(new Uint8Array(19), 0, plain)).toBeUndefined();
  });
});
