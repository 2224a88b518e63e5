import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checksum, sumPseudoHeader } from "../../../../shared/frame/checksum.ts";
import { type IcmpProblem, icmpError } from "../../../../shared/frame/ip/icmp-error.ts";
import { decodeIpv4, encodeIpv4, type Ipv4Fields } from "../../../../shared/frame/ip/ipv4.ts";
import { decodeIpv6, encodeIpv6 } from "../../../../shared/frame/ip/ipv6.ts";
import { Malformed } from "../../../../shared/frame/malformed.ts";
import { hostileBytes } from "../bounds.ts";

const HOST = 0x0a140001;
const FAR = 0x0a150002;
const ROUTER = 0x0a140064;
const HOST6 = 0xfd01n << 112n;
const FAR6 = 0xfd02n << 112n;
const ROUTER6 = (0xfd01n << 112n) | 1n;

function ipv4(change: Partial<Ipv4Fields> = {}): Uint8Array {
  const bytes = new Uint8Array(220).map((_, i) => i);
  encodeIpv4(bytes, 0, { protocol: 17, source: HOST, destination: FAR, payloadLength: 200, ...change });
  return bytes;
}

function ipv6(): Uint8Array {
  const bytes = new Uint8Array(140);
  encodeIpv6(bytes, 0, { nextHeader: 17, source: HOST6, destination: FAR6, payloadLength: 100 });
  return bytes;
}

describe("an ICMP error", () => {
  it.each<[IcmpProblem["kind"], number, number]>([
    ["hop-limit", 11, 0],
    ["no-route", 3, 0],
    ["no-host", 3, 1],
  ])("of '%s' comes from the router, and quotes the packet: IPv4", (kind, type, code) => {
    const packet = ipv4();

    const said =
      icmpError(packet, 0, packet.length, { kind } as IcmpProblem, { room: 14, from: ROUTER }) ?? packet;

    const ip = decodeIpv4(said, 14, said.length);
    if (ip instanceof Malformed) throw new Error(ip.code);
    expect(ip).toMatchObject({ protocol: 1, source: ROUTER, destination: HOST });
    expect([...said.subarray(ip.payload, ip.payload + 2)]).toEqual([type, code]);
    expect(checksum(said, ip.payload, ip.end)).toBe(0);
    expect(said.subarray(ip.payload + 8)).toEqual(packet);
  });

  it.each<[IcmpProblem["kind"], number, number]>([
    ["hop-limit", 3, 0],
    ["no-route", 1, 0],
    ["no-host", 1, 3],
  ])("of '%s' comes from the router, and quotes the packet: IPv6", (kind, type, code) => {
    const packet = ipv6();

    const said =
      icmpError(packet, 0, packet.length, { kind } as IcmpProblem, { room: 0, from: ROUTER6 }) ?? packet;

    const ip = decodeIpv6(said, 0, said.length);
    if (ip instanceof Malformed) throw new Error(ip.code);
    expect(ip).toMatchObject({ nextHeader: 58, source: ROUTER6, destination: HOST6 });
    expect([...said.subarray(ip.payload, ip.payload + 2)]).toEqual([type, code]);
    expect(checksum(said, ip.payload, ip.end, sumPseudoHeader(ROUTER6, HOST6, 58, ip.payloadLength))).toBe(0);
  });

  it.each<[string, Partial<Ipv4Fields>]>([
    ["a later fragment", { fragmentOffset: 3 }],
    ["a packet to many", { destination: 0xe0000001 }],
    ["a packet to all", { destination: 0xffffffff }],
    ["a packet without a source", { source: 0 }],
    ["an ICMP message whose type is an error's", { protocol: 1 }],
  ])("never answers %s", (_what, change) => {
    const packet = ipv4(change);
    packet[20] = 11;

    expect(
      icmpError(packet, 0, packet.length, { kind: "hop-limit" }, { room: 0, from: ROUTER }),
    ).toBeUndefined();
  });

  it("never throws for any input", () => {
    fc.assert(
      fc.property(
        hostileBytes(fc.constantFrom(ipv4(), ipv6())),
        (bytes) => void icmpError(bytes, 0, bytes.length, { kind: "no-host" }, { room: 3 }),
      ),
    );
  });
});
