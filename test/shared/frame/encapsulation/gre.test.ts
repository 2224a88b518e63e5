import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { written } from "../../../../shared/frame/bytes.ts";
import {
  decodeGre,
  encodeGre,
  type GreHeader,
  PROTOCOL_GRE,
  sealGre,
} from "../../../../shared/frame/encapsulation/gre.ts";
import { encodeIpv4 } from "../../../../shared/frame/ip/ipv4.ts";
import { requires } from "../../../support/requirements.ts";
import { encodeInNoise, expectToKeepWithinBounds, expectToRefuseSenselessRanges } from "../bounds.ts";
import { readWithTshark } from "../tshark/read-with-tshark.ts";

const word = fc.integer({ min: 0, max: 0xffff_ffff });

const header: fc.Arbitrary<GreHeader> = fc.record({
  protocol: fc.integer({ min: 0, max: 0xffff }),
  checksummed: fc.boolean(),
  key: fc.option(word, { nil: undefined }),
  sequence: fc.option(word, { nil: undefined }),
});

const packet = fc.tuple(header, fc.uint8Array({ maxLength: 40 })).map(([fields, payload]) => {
  const bytes = new Uint8Array(64);
  const at = written(encodeGre(bytes, 0, fields));
  bytes.set(payload, at);
  const whole = bytes.slice(0, at + payload.length);
  if (fields.checksummed) sealGre(whole, 0, whole.length);
  return whole;
});

describe("a GRE header", () => {
  it("decodes to what was encoded", () => {
    fc.assert(
      fc.property(header, fc.nat(64), (fields, payloadLength) => {
        const { bytes, start, written, end } = encodeInNoise(
          (into, offset) => encodeGre(into, offset, fields),
          payloadLength,
        );
        if (fields.checksummed) sealGre(bytes, start, end);
        expect(decodeGre(bytes, start, end)).toEqual({ ...fields, payload: written, end });
      }),
    );
  });

  it("is decoded within its bytes, whatever they are", () => {
    expectToKeepWithinBounds(decodeGre, packet);
    expectToRefuseSenselessRanges(decodeGre, Uint8Array.of(0, 0, 0x65, 0x58));
  });

  it("has the bytes of RFC 2890", () => {
    const bytes = new Uint8Array(16).fill(0xff);
    const fields = { protocol: 0x6558, checksummed: true, key: 0x01020304, sequence: 0x05060708 };
    expect(encodeGre(bytes, 0, fields)).toBe(16);
    expect([...bytes]).toEqual([0xb0, 0, 0x65, 0x58, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(encodeGre(bytes, 0, { protocol: 0x0800 })).toBe(4);
    expect([...bytes.subarray(0, 4)]).toEqual([0, 0, 8, 0]);
  });

  it("is refused with a wrong checksum, and read without one", () => {
    const bytes = new Uint8Array(20);
    const end = written(encodeGre(bytes, 0, { protocol: 0x0800, checksummed: true })) + 5;
    bytes[12] = 7;
    sealGre(bytes, 0, end);
    expect(decodeGre(bytes, 0, end)).toMatchObject({ protocol: 0x0800, payload: 8 });
    bytes[12] = 8;
    expect(decodeGre(bytes, 0, end)).toMatchObject({ code: "gre.bad-checksum" });
  });

  it.each([
    [0x40, 0, "gre.bad-flags"],
    [0x08, 0, "gre.bad-flags"],
    [0x04, 0, "gre.bad-flags"],
    [0x00, 1, "gre.bad-version"],
  ])("of flags %i, %i is refused: %s", (first, second, code) => {
    expect(decodeGre(Uint8Array.of(first, second, 8, 0), 0, 4)).toMatchObject({ code });
  });

  it("is read with any reserved bits", () => {
    expect(decodeGre(Uint8Array.of(0x03, 0xf8, 8, 0), 0, 4)).toMatchObject({ protocol: 0x0800, payload: 4 });
  });

  it("is not written for a field out of range, nor past the end of a buffer", () => {
    expect(encodeGre(new Uint8Array(8), 0, { protocol: 0, key: 2 ** 32 })).toBeUndefined();
    expect(encodeGre(new Uint8Array(7), 0, { protocol: 0, key: 1 })).toBeUndefined();
    expect(encodeGre(new Uint8Array(8), 0, { protocol: 65_536 })).toBeUndefined();
  });
});

describe.runIf(requires("tshark"))("tshark", () => {
  it("reads the GRE header that we write", () => {
    const headers = fc.sample(header, { seed: 2784, numRuns: 100 }).map((fields) => ({
      ...fields,
      // A protocol without a dissector.
      protocol: 0x88b5,
    }));
    const seen = readWithTshark(headers.map(onTheWire), [
      "gre.proto",
      "gre.key",
      "gre.sequence_number",
      "gre.checksum.status",
      "_ws.malformed",
    ]);
    const number = (text: string) => (text === "" ? undefined : Number(text));
    expect(
      seen.map((fields) => ({
        protocol: Number(fields["gre.proto"]),
        key: number(fields["gre.key"]),
        sequence: number(fields["gre.sequence_number"]),
        checksummed: fields["gre.checksum.status"] === "1",
      })),
    ).toEqual(headers);
  });
});

/** An Ethernet frame with GRE over IPv4 in it. */
function onTheWire(fields: GreHeader): Uint8Array {
  const bytes = new Uint8Array(128);
  bytes.set([8, 0], 12);
  const gre = 14 + 20;
  const end = written(encodeGre(bytes, gre, fields)) + 40;
  encodeIpv4(bytes, 14, {
    protocol: PROTOCOL_GRE,
    source: 0x0a000001,
    destination: 0x0a000002,
    payloadLength: end - gre,
  });
  if (fields.checksummed) sealGre(bytes, gre, end);
  return bytes.slice(0, end);
}
