import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checksum, sumPseudoHeader } from "../../../../shared/frame/checksum.ts";
import { encodeEthernet } from "../../../../shared/frame/ethernet.ts";
import { decodeIpv4, encodeIpv4, type Ipv4Fields, PROTOCOL_UDP } from "../../../../shared/frame/ip/ipv4.ts";
import { decodeIpv6, encodeIpv6, type Ipv6Fields } from "../../../../shared/frame/ip/ipv6.ts";
import { answerTooBig } from "../../../../shared/frame/ip/packet-too-big.ts";
import { Malformed } from "../../../../shared/frame/malformed.ts";
import { requires } from "../../../support/requirements.ts";
import { hostileBytes } from "../bounds.ts";
import { readWithTshark } from "../tshark/read-with-tshark.ts";

const ETHERNET = { destination: 0x02_00_00_00_00_02, source: 0x02_00_00_00_00_01 };
const TAG = { tpid: 0x8100, priority: 0, dropEligible: false, vlan: 7 };
const BYTES = 1514;

function ipv4(change: Partial<Ipv4Fields> = {}, tags = [] as (typeof TAG)[]): Uint8Array {
  const bytes = new Uint8Array(BYTES + 4 * tags.length).map((_, i) => i);
  const at = encodeEthernet(bytes, 0, { ...ETHERNET, tags, etherType: 0x0800 });
  encodeIpv4(bytes, at, {
    protocol: PROTOCOL_UDP,
    source: 0x0a140001,
    destination: 0x0a140002,
    dontFragment: true,
    payloadLength: 1480,
    ...change,
  });
  return bytes;
}

function ipv6(change: Partial<Ipv6Fields> = {}): Uint8Array {
  const bytes = new Uint8Array(BYTES);
  const at = encodeEthernet(bytes, 0, { ...ETHERNET, tags: [], etherType: 0x86dd });
  encodeIpv6(bytes, at, {
    nextHeader: 17,
    source: 0xfd01n << 112n,
    destination: 0xfd02n << 112n,
    payloadLength: 1460,
    ...change,
  });
  return bytes;
}

const answer = (frame: Uint8Array, limit = 1464) => answerTooBig(frame, 0, frame.length, limit);

describe("the answer to a packet that is too big", () => {
  it("comes from the packet's destination, has the MTU, and quotes the packet: IPv4", () => {
    const frame = ipv4();
    const said = answer(frame) ?? new Uint8Array(0);
    expect(said.subarray(0, 12)).toEqual(Uint8Array.of(2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2));
    const ip = decodeIpv4(said, 14, said.length);
    if (ip instanceof Malformed) throw new Error(ip.code);
    expect(ip).toMatchObject({ protocol: 1, source: 0x0a140002, destination: 0x0a140001 });
    expect([...said.subarray(ip.payload, ip.payload + 2)]).toEqual([3, 4]);
    expect([...said.subarray(ip.payload + 6, ip.payload + 8)]).toEqual([1450 >> 8, 1450 & 0xff]);
    expect(checksum(said, ip.payload, ip.end)).toBe(0);
    expect(ip.end - 14).toBe(576);
    expect(said.subarray(ip.payload + 8)).toEqual(frame.subarray(14, 14 + 548));
  });

  it("comes from the packet's destination, has the MTU, and quotes the packet: IPv6", () => {
    const frame = ipv6();
    const said = answer(frame) ?? new Uint8Array(0);
    const ip = decodeIpv6(said, 14, said.length);
    if (ip instanceof Malformed) throw new Error(ip.code);
    expect(ip).toMatchObject({ nextHeader: 58, source: 0xfd02n << 112n, destination: 0xfd01n << 112n });
    expect([...said.subarray(ip.payload, ip.payload + 2)]).toEqual([2, 0]);
    expect([...said.subarray(ip.payload + 4, ip.payload + 8)]).toEqual([0, 0, 1450 >> 8, 1450 & 0xff]);
    const sum = sumPseudoHeader(ip.source, ip.destination, 58, ip.payloadLength);
    expect(checksum(said, ip.payload, ip.end, sum)).toBe(0);
    expect(ip.end - 14).toBe(1280);
  });

  it("keeps the tag, which takes four bytes of what fits", () => {
    const said = answer(ipv4({}, [TAG])) ?? new Uint8Array(0);
    expect([...said.subarray(12, 18)]).toEqual([0x81, 0, 0, 7, 8, 0]);
    expect([...said.subarray(18 + 26, 18 + 28)]).toEqual([1446 >> 8, 1446 & 0xff]);
  });

  it.each([
    ["what may be fragmented", ipv4({ dontFragment: false })],
    ["a fragment", ipv4({ fragmentOffset: 8 })],
    ["a packet without a source", ipv4({ source: 0 })],
    ["a multicast", ipv4({ destination: 0xe0000001 })],
    ["an error", ipv4({ protocol: 1 }).fill(3, 34, 35)],
    ["an ICMPv6 error", ipv6({ nextHeader: 58 })],
    ["an IPv6 multicast", ipv6({ destination: 0xff02n << 112n })],
    ["a broadcast frame", ipv4().fill(0xff, 0, 6)],
    ["what is no IP", ipv4().fill(0x88, 12, 14)],
  ])("is not given to %s", (_, frame) => {
    expect(answer(frame)).toBeUndefined();
  });

  it("never throws for any bytes", () => {
    fc.assert(
      fc.property(
        hostileBytes(fc.constantFrom(ipv4(), ipv6(), ipv4({}, [TAG]))),
        fc.nat(1500),
        (bytes, limit) => {
          const said = answerTooBig(bytes, 0, bytes.length, limit);
          expect(said === undefined || said.length > 14).toBe(true);
        },
      ),
    );
  });
});

describe.runIf(requires("tshark"))("tshark", () => {
  it("decodes the answers as ours do", () => {
    const answers = [ipv4(), ipv6()].map((frame) => answer(frame) ?? new Uint8Array(0));
    const fields = [
      "icmp.type",
      "icmp.code",
      "icmp.mtu",
      "icmp.checksum.status",
      "icmpv6.type",
      "icmpv6.mtu",
      "icmpv6.checksum.status",
    ] as const;
    expect(readWithTshark(answers, fields)).toMatchObject([
      { "icmp.type": "3", "icmp.code": "4", "icmp.mtu": "1450", "icmp.checksum.status": "1" },
      { "icmpv6.type": "2", "icmpv6.mtu": "1450", "icmpv6.checksum.status": "1" },
    ]);
  });
});
