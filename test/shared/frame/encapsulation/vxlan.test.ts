import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { written } from "../../../../shared/frame/bytes.ts";
import {
  decodeVxlan,
  decodeVxlanGpe,
  type GroupPolicy,
  hasVniFlag,
  readGroupPolicy,
  readVni,
  VXLAN_GPE_PORT,
  VXLAN_PORT,
  writeGroupPolicy,
  writeVxlan,
  writeVxlanGpe,
} from "../../../../shared/frame/encapsulation/vxlan.ts";
import { encodeIpv4, PROTOCOL_UDP } from "../../../../shared/frame/ip/ipv4.ts";
import { encodeUdp } from "../../../../shared/frame/ip/udp.ts";
import { requires } from "../../../support/requirements.ts";
import { vni as anyVni } from "../arbitraries.ts";
import { encodeInNoise, expectToKeepWithinBounds, expectToRefuseSenselessRanges } from "../bounds.ts";
import { readWithTshark } from "../tshark/read-with-tshark.ts";

const encoded = (vni: number) => {
  const bytes = new Uint8Array(8);
  writeVxlan(bytes, 0, vni);
  return bytes;
};

describe("a VXLAN header", () => {
  it("decodes to what was encoded", () => {
    fc.assert(
      fc.property(anyVni, fc.nat(64), (vni, payloadLength) => {
        const { bytes, start, written, end } = encodeInNoise(
          (into, offset) => writeVxlan(into, offset, vni),
          payloadLength,
        );
        expect(decodeVxlan(bytes, start, end)).toEqual({ vni, payload: written, end });
        expect(readVni(bytes, start)).toBe(vni);
        expect(hasVniFlag(bytes, start)).toBe(true);
      }),
    );
  });

  it("is decoded within its bytes, whatever they are", () => {
    expectToKeepWithinBounds(decodeVxlan, anyVni.map(encoded));
    expectToRefuseSenselessRanges(decodeVxlan, encoded(101));
  });

  it("has the bytes of RFC 7348, and overwrites reserved bits with 0", () => {
    const bytes = new Uint8Array(8).fill(0xff);
    writeVxlan(bytes, 0, 0x123456);
    expect(bytes).toEqual(Uint8Array.of(0x08, 0, 0, 0, 0x12, 0x34, 0x56, 0));
  });

  it("is read with any reserved bits, and refused without the I flag", () => {
    const noisy = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff);
    expect(decodeVxlan(noisy, 0, 8)).toMatchObject({ vni: 0xff_fffe });
    noisy[0] = 0xf7;
    expect(hasVniFlag(noisy, 0)).toBe(false);
    expect(decodeVxlan(noisy, 0, 8)).toMatchObject({
      layer: "vxlan",
      reason: "no-vni",
      code: "vxlan.no-vni",
    });
  });

  it("is not written for a VNI out of range, nor past the end of a buffer", () => {
    expect(writeVxlan(new Uint8Array(8), 0, 2 ** 24)).toBeUndefined();
    expect(writeVxlan(new Uint8Array(8), 0, -1)).toBeUndefined();
    expect(writeVxlan(new Uint8Array(8), 1, 1)).toBeUndefined();
  });
});

const anyPolicy: fc.Arbitrary<GroupPolicy> = fc.record({
  group: fc.integer({ min: 0, max: 0xffff }),
  dontLearn: fc.boolean(),
  applied: fc.boolean(),
});

describe("a VXLAN header with group-based policy", () => {
  it("decodes to what was encoded, with the same VNI", () => {
    fc.assert(
      fc.property(anyVni, anyPolicy, (vni, policy) => {
        const bytes = encoded(vni);
        expect(readGroupPolicy(bytes, 0)).toBeUndefined();
        writeGroupPolicy(bytes, 0, policy);
        expect(readGroupPolicy(bytes, 0)).toEqual(policy);
        expect(decodeVxlan(bytes, 0, 8)).toMatchObject({ vni });
      }),
    );
  });

  it("has the bytes that Linux writes", () => {
    const bytes = encoded(1);
    writeGroupPolicy(bytes, 0, { group: 0x1234, dontLearn: true, applied: true });
    expect([...bytes]).toEqual([0x88, 0x48, 0x12, 0x34, 0, 0, 1, 0]);
    writeGroupPolicy(bytes, 0, { group: 65_536, dontLearn: false, applied: false });
    expect([...bytes]).toEqual([0x88, 0x48, 0x12, 0x34, 0, 0, 1, 0]);
  });
});

describe("a VXLAN-GPE header", () => {
  const gpe = (vni: number) => {
    const bytes = new Uint8Array(8);
    writeVxlanGpe(bytes, 0, vni);
    return bytes;
  };

  it("decodes to what was encoded, around an Ethernet frame", () => {
    fc.assert(
      fc.property(anyVni, (vni) => {
        expect(decodeVxlanGpe(gpe(vni), 0, 8)).toEqual({ vni, payload: 8, end: 8 });
      }),
    );
    expect([...gpe(0x123456)]).toEqual([0x0c, 0, 0, 3, 0x12, 0x34, 0x56, 0]);
  });

  it("is decoded within its bytes, whatever they are", () => {
    expectToKeepWithinBounds(decodeVxlanGpe, anyVni.map(gpe));
    expectToRefuseSenselessRanges(decodeVxlanGpe, gpe(101));
  });

  it.each([
    ["another version", 0x1c, 3, "vxlan.bad-version"],
    ["an IP packet", 0x0c, 1, "vxlan.bad-type"],
    ["maintenance", 0x0d, 3, "vxlan.bad-type"],
    ["no VNI", 0x04, 3, "vxlan.no-vni"],
  ])("of %s is refused", (_, flags, next, code) => {
    expect(decodeVxlanGpe(Uint8Array.of(flags, 0, 0, next, 0, 0, 1, 0), 0, 8)).toMatchObject({ code });
  });

  it("may omit its next protocol", () => {
    expect(decodeVxlanGpe(encoded(5), 0, 8)).toMatchObject({ vni: 5 });
  });
});

describe.runIf(requires("tshark"))("tshark", () => {
  it("reads a group policy as we wrote it", () => {
    const policies = fc.sample(anyPolicy, { seed: 1, numRuns: 30 });
    const packets = policies.map((policy) => {
      const header = encoded(7);
      writeGroupPolicy(header, 0, policy);
      return onTheWire(VXLAN_PORT, header);
    });
    const seen = readWithTshark(packets, ["vxlan.gbp", "vxlan.flag_d", "vxlan.flag_a", "vxlan.flag_g"]);
    const isTrue = (text: string) => text === "1" || text === "True";
    expect(
      seen.map((row) => ({
        group: Number(row["vxlan.gbp"]),
        dontLearn: isTrue(row["vxlan.flag_d"]),
        applied: isTrue(row["vxlan.flag_a"]),
      })),
    ).toEqual(policies);
  });

  it("reads GPE as we wrote it", () => {
    const header = new Uint8Array(8);
    writeVxlanGpe(header, 0, 4711);
    const fields = ["vxlan.vni", "vxlan.next_proto", "vxlan.ver", "vxlan.o_bit"] as const;
    const [seen] = readWithTshark([onTheWire(VXLAN_GPE_PORT, header)], fields);
    expect(fields.map((field) => Number(seen?.[field]))).toEqual([4711, 3, 0, 0]);
  });
});

/** An Ethernet frame with the header over UDP and IPv4 in it, around an empty frame. */
function onTheWire(destinationPort: number, header: Uint8Array): Uint8Array {
  const payloadLength = header.length + 60;
  const bytes = new Uint8Array(14 + 20 + 8 + payloadLength);
  bytes.set([8, 0], 12);
  const udp = written(
    encodeIpv4(bytes, 14, {
      protocol: PROTOCOL_UDP,
      source: 0x0a000001,
      destination: 0x0a000002,
      payloadLength: payloadLength + 8,
    }),
  );
  bytes.set(header, encodeUdp(bytes, udp, { sourcePort: 50_000, destinationPort, payloadLength }));
  return bytes;
}
