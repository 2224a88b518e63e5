import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { written } from "../../../shared/frame/bytes.ts";
import {
  decodeEthernet,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_VLAN,
  type EthernetHeader,
  encodeEthernet,
  findEtherType,
} from "../../../shared/frame/ethernet.ts";
import { ethernetHeader } from "./arbitraries.ts";
import { encodeInNoise, expectToKeepWithinBounds, expectToRefuseSenselessRanges } from "./bounds.ts";

const encoded = (header: EthernetHeader) => {
  const { bytes, start, written } = encodeInNoise((into, offset) => encodeEthernet(into, offset, header));
  return bytes.slice(start, written);
};

const untagged: EthernetHeader = {
  destination: 0xffff_ffff_ffff,
  source: 0x0200_0000_0001,
  tags: [],
  etherType: ETHERTYPE_ARP,
};
const tag = { tpid: ETHERTYPE_VLAN, priority: 5, dropEligible: true, vlan: 0x123 };

describe("an Ethernet header", () => {
  it("decodes to what was encoded, with any number of tags", () => {
    fc.assert(
      fc.property(ethernetHeader, fc.nat(64), (header, payloadLength) => {
        const { bytes, start, written, end } = encodeInNoise(
          (into, offset) => encodeEthernet(into, offset, header),
          payloadLength,
        );
        expect(decodeEthernet(bytes, start, end)).toEqual({ ...header, payload: written, end });
        expect(findEtherType(bytes, start, end)).toBe(written - 2);
      }),
    );
  });

  it("is decoded within its bytes, whatever they are", () => {
    expectToKeepWithinBounds(decodeEthernet, ethernetHeader.map(encoded));
    expectToRefuseSenselessRanges(decodeEthernet, encoded(untagged));
  });

  it("has its tag between the source and the type, as in 802.1Q", () => {
    expect(encoded({ ...untagged, tags: [tag] })).toEqual(
      Uint8Array.of(255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 0x81, 0x00, 0xb1, 0x23, 0x08, 0x06),
    );
  });

  it("is truncated if an announced tag is missing, at every length", () => {
    const bytes = encoded({ ...untagged, tags: [tag, tag] });
    for (let end = 0; end < bytes.length; end++) {
      expect(decodeEthernet(bytes, 0, end)).toMatchObject({ layer: "ethernet", reason: "truncated" });
      expect(findEtherType(bytes, 0, end)).toBe(-1);
    }
  });

  it("ends its payload by the length field, and is truncated if there is less", () => {
    const bytes = new Uint8Array(60);
    const payload = written(encodeEthernet(bytes, 0, { ...untagged, etherType: 38 }));
    expect(decodeEthernet(bytes, 0, 60)).toMatchObject({ etherType: 38, payload, end: payload + 38 });
    expect(decodeEthernet(bytes, 0, 51)).toMatchObject({ reason: "truncated" });
  });

  it.each<[string, Partial<EthernetHeader>]>([
    ["a destination", { destination: 2 ** 48 }],
    ["a source", { source: -1 }],
    ["an EtherType", { etherType: 0x1_0000 }],
    ["a tag's EtherType as that of the payload", { etherType: ETHERTYPE_VLAN }],
    ["a TPID", { tags: [{ ...tag, tpid: ETHERTYPE_IPV4 }] }],
    ["a priority", { tags: [{ ...tag, priority: 8 }] }],
    ["a VLAN id", { tags: [{ ...tag, vlan: 4096 }] }],
  ])("is not encoded with %s out of range, not even in part", (_, wrong) => {
    const bytes = new Uint8Array(64);
    expect(encodeEthernet(bytes, 0, { ...untagged, ...wrong })).toBeUndefined();
    expect(bytes).toEqual(new Uint8Array(64));
  });

  it("is not encoded past the end of a buffer", () => {
    expect(encodeEthernet(new Uint8Array(17), 0, { ...untagged, tags: [tag] })).toBeUndefined();
  });
});
