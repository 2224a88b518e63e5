import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addBytes, checksum, sumPseudoHeader } from "../../../shared/frame/checksum.ts";
import { ipv4Address, ipv6Address } from "./arbitraries.ts";

/** RFC 1071 as arithmetic: the sum modulo 65535, where only nothing at all sums up to 0. */
function checksumByDefinition(data: Uint8Array): number {
  let sum = 0n;
  for (const [index, byte] of data.entries()) sum += BigInt(byte) << (index % 2 === 0 ? 8n : 0n);
  const rest = sum === 0n ? 0n : ((sum - 1n) % 65535n) + 1n;
  return Number(0xffffn - rest);
}

describe("the Internet checksum", () => {
  it("matches the example in RFC 1071 §3", () => {
    const data = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
    expect(checksum(data, 0, data.length)).toBe(~0xddf2 & 0xffff);
  });

  it("is the one's complement sum of any bytes, also of an odd number", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
        expect(checksum(data, 0, data.length)).toBe(checksumByDefinition(data));
      }),
    );
  });

  it("does not overflow on the largest super-frame, all ones", () => {
    const data = new Uint8Array(65_550).fill(0xff);
    data[0] = 0x12;
    expect(checksum(data, 0, data.length)).toBe(checksumByDefinition(data));
    expect(checksum(data, 0, data.length - 1)).toBe(checksumByDefinition(data.subarray(0, -1)));
  });

  it("covers [start, end) only", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), fc.uint8Array(), (before, data, after) => {
        const bytes = Uint8Array.of(...before, ...data, ...after);
        const end = before.length + data.length;
        expect(checksum(bytes, before.length, end)).toBe(checksumByDefinition(data));
      }),
    );
  });

  it("is 0 over data that contains it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2 }), (data) => {
        data.fill(0, 0, 2);
        const sum = checksum(data, 0, data.length);
        data.set([sum >>> 8, sum & 0xff]);
        expect(checksum(data, 0, data.length)).toBe(0);
      }),
    );
  });

  it("can be summed in parts of even length, with 16-bit partial sums", () => {
    const even = fc.uint8Array({ maxLength: 80 }).map((data) => data.subarray(0, data.length & ~1));
    fc.assert(
      fc.property(even, fc.uint8Array({ maxLength: 80 }), (first, second) => {
        const sum = addBytes(0, first, 0, first.length);
        expect(sum).toBeLessThanOrEqual(0xffff);
        const whole = Uint8Array.of(...first, ...second);
        expect(checksum(second, 0, second.length, sum)).toBe(checksum(whole, 0, whole.length));
      }),
    );
  });
});

describe("the sum of a pseudo-header", () => {
  it("covers the 12 bytes of RFC 768", () => {
    fc.assert(
      fc.property(ipv4Address, ipv4Address, fc.nat(255), fc.nat(65535), (from, to, protocol, length) => {
        const bytes = Buffer.alloc(12);
        bytes.writeUInt32BE(from, 0);
        bytes.writeUInt32BE(to, 4);
        bytes.writeUInt16BE(protocol, 8);
        bytes.writeUInt16BE(length, 10);
        const sum = sumPseudoHeader(from, to, protocol, length);
        expect(~sum & 0xffff).toBe(checksumByDefinition(bytes));
      }),
    );
  });

  it("covers the 40 bytes of RFC 8200, with a length of 32 bits", () => {
    fc.assert(
      fc.property(
        ipv6Address,
        ipv6Address,
        fc.nat(255),
        fc.nat(0x7fff_ffff),
        (from, to, protocol, length) => {
          const bytes = Buffer.from(
            [from, to].map((address) => address.toString(16).padStart(32, "0")).join("") + "0".repeat(16),
            "hex",
          );
          bytes.writeUInt32BE(length, 32);
          bytes.writeUInt32BE(protocol, 36);
          const sum = sumPseudoHeader(from, to, protocol, length);
          expect(~sum & 0xffff).toBe(checksumByDefinition(bytes));
        },
      ),
    );
  });
});
