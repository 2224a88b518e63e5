import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { written } from "../../../../shared/frame/bytes.ts";
import { encodeGre, PROTOCOL_GRE } from "../../../../shared/frame/encapsulation/gre.ts";
import { decodeNvgre, vsidOf, writeNvgre } from "../../../../shared/frame/encapsulation/nvgre.ts";
import { encodeIpv4 } from "../../../../shared/frame/ip/ipv4.ts";
import { requires } from "../../../support/requirements.ts";
import { encodeInNoise, expectToKeepWithinBounds, expectToRefuseSenselessRanges } from "../bounds.ts";
import { readWithTshark } from "../tshark/read-with-tshark.ts";

const anyVsid = fc.integer({ min: 0, max: 0xff_ffff });
const anyFlow = fc.integer({ min: 0, max: 0xff });

const encoded = (vsid: number, flow: number) => {
  const bytes = new Uint8Array(8);
  writeNvgre(bytes, 0, vsid, flow);
  return bytes;
};

describe("an NVGRE header", () => {
  it("decodes to what was encoded", () => {
    fc.assert(
      fc.property(anyVsid, anyFlow, fc.nat(64), (vsid, flowId, payloadLength) => {
        const { bytes, start, written, end } = encodeInNoise(
          (into, offset) => writeNvgre(into, offset, vsid, flowId),
          payloadLength,
        );
        expect(decodeNvgre(bytes, start, end)).toEqual({ vsid, flowId, payload: written, end });
      }),
    );
  });

  it("is decoded within its bytes, whatever they are", () => {
    expectToKeepWithinBounds(
      decodeNvgre,
      fc.tuple(anyVsid, anyFlow).map(([vsid, flow]) => encoded(vsid, flow)),
    );
    expectToRefuseSenselessRanges(decodeNvgre, encoded(5000, 1));
  });

  it("has the bytes of RFC 7637: GRE with the key VSID << 8 | FlowID", () => {
    expect([...encoded(0x123456, 0x78)]).toEqual([0x20, 0, 0x65, 0x58, 0x12, 0x34, 0x56, 0x78]);
    expect(vsidOf(0xff345678)).toBe(0xff3456);
  });

  it.each([
    ["without a key", { protocol: 0x6558, checksummed: true }, "nvgre.bad-flags"],
    ["with a sequence number", { protocol: 0x6558, key: 1, sequence: 2 }, "nvgre.bad-flags"],
    ["around an IP packet", { protocol: 0x0800, key: 1 }, "nvgre.bad-type"],
  ] as const)("%s is refused", (_, fields, code) => {
    const bytes = new Uint8Array(16);
    const end = written(encodeGre(bytes, 0, fields));
    if ("checksummed" in fields) bytes.set([0x1a, 0xa7], 4);
    expect(decodeNvgre(bytes, 0, end)).toMatchObject({ code });
  });

  it("is not written for a field out of range, nor past the end of a buffer", () => {
    expect(writeNvgre(new Uint8Array(8), 0, 2 ** 24, 0)).toBeUndefined();
    expect(writeNvgre(new Uint8Array(8), 0, 5000, 256)).toBeUndefined();
    expect(writeNvgre(new Uint8Array(8), 1, 5000, 0)).toBeUndefined();
  });
});

describe.runIf(requires("tshark"))("tshark", () => {
  it("reads GRE with VSID and FlowID as its key, and the frame behind it", () => {
    const written = fc.sample(fc.tuple(anyVsid, anyFlow), { seed: 7637, numRuns: 50 });
    const seen = readWithTshark(
      written.map(([vsid, flow]) => onTheWire(vsid, flow)),
      ["gre.key", "gre.proto", "frame.protocols"],
    );
    expect(seen.map((row) => [vsidOf(Number(row["gre.key"])), Number(row["gre.key"]) & 0xff])).toEqual(
      written,
    );
    for (const row of seen) expect(row["frame.protocols"]).toMatch(/:gre:eth:/);
  });
});

/** An Ethernet frame with NVGRE over IPv4 in it, around an untagged frame. */
function onTheWire(vsid: number, flow: number): Uint8Array {
  const bytes = new Uint8Array(14 + 20 + 8 + 60);
  bytes.set([8, 0], 12);
  encodeIpv4(bytes, 14, {
    protocol: PROTOCOL_GRE,
    source: 0x0a000001,
    destination: 0x0a000002,
    payloadLength: 68,
  });
  const frame = written(writeNvgre(bytes, 34, vsid, flow));
  bytes.set([0x88, 0xb5], frame + 12);
  return bytes;
}
