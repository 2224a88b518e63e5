import { describe, expect, it } from "vitest";
import { OffloadFault, type OffloadFaultReason } from "../../../shared/offload/finish.ts";
import { findPacket, hasCsumAt, type Packet } from "../../../shared/offload/packet.ts";
import { edited } from "./finished.ts";
import { noise, plainDatagram } from "./specimens.ts";

const TCP = 6;
const UDP = 17;

/** UDP over IPv4: Ethernet in [0, 14), IPv4 in [14, 34), UDP in [34, 42), payload up to 142. */
const datagram = plainDatagram(noise(100, 1));

/** IPv6 in [14, 54), then `rest`. */
function ipv6(nextHeader: number, rest: readonly number[]): Uint8Array {
  const header = Buffer.alloc(54);
  header.writeUInt16BE(0x86dd, 12);
  header[14] = 0x60;
  header.writeUInt16BE(rest.length, 18);
  header[20] = nextHeader;
  return Uint8Array.of(...header, ...rest);
}

/** An extension header of `units` * 8 + 8 bytes, of which 8 are there. */
const extension = (next: number, units = 0) => [next, units, 1, 4, 0, 0, 0, 0];

function packetIn(frame: Uint8Array): Packet | OffloadFaultReason {
  const packet = findPacket(frame, 0, frame.length);
  return packet instanceof OffloadFault ? packet.reason : packet;
}

describe("the packet in a frame", () => {
  it("is found behind tags, options and extension headers, and ends before the padding", () => {
    const whole = { ipv6: false, network: 14, transport: 34, protocol: UDP, end: 142 };
    expect(packetIn(datagram.frame)).toEqual(whole);
    expect(packetIn(Uint8Array.of(...datagram.frame, 1, 2, 3))).toEqual(whole);
    const tagged = Uint8Array.of(...datagram.frame.subarray(0, 12), 0x88, 0xa8, 0, 1, 0x81, 0, 0, 2);
    const packet = { ipv6: false, network: 22, transport: 42, protocol: UDP, end: 150 };
    expect(packetIn(Uint8Array.of(...tagged, ...datagram.frame.subarray(12)))).toEqual(packet);
    const chain = [...extension(60), ...extension(43), ...extension(TCP, 1), ...noise(8, 1), ...noise(20, 1)];
    const far = { ipv6: true, network: 14, transport: 86, protocol: TCP, end: 106 };
    expect(packetIn(ipv6(0, chain))).toEqual(far);
  });

  const frame = (edit: (frame: Buffer) => void) => edited(datagram, edit).frame;
  it.each<[string, OffloadFaultReason, Uint8Array]>([
    ["neither IPv4 nor IPv6", "not-ip", frame((bytes) => bytes.writeUInt16BE(0x0806, 12))],
    ["an EtherType of the other version", "bad-header", frame((bytes) => bytes.writeUInt16BE(0x86dd, 12))],
    ["a version of the other EtherType", "bad-header", frame((bytes) => bytes.writeUInt8(0x65, 14))],
    ["an IPv4 header too short", "bad-header", frame((bytes) => bytes.writeUInt8(0x44, 14))],
    ["a packet shorter than its header", "bad-header", frame((bytes) => bytes.writeUInt16BE(19, 16))],
    ["a total length of 0, as in BIG TCP", "bad-header", frame((bytes) => bytes.writeUInt16BE(0, 16))],
    ["a total length beyond the frame", "truncated", frame((bytes) => bytes.writeUInt16BE(129, 16))],
    ["a first fragment", "fragment", frame((bytes) => bytes.writeUInt16BE(0x2000, 20))],
    ["a last fragment", "fragment", frame((bytes) => bytes.writeUInt16BE(1, 20))],
    ["an IPv6 fragment", "fragment", ipv6(0, [...extension(44), ...extension(TCP)])],
    ["a payload length beyond the frame", "truncated", ipv6(TCP, [...noise(20, 1)]).subarray(0, 73)],
    ["a missing extension header", "bad-header", ipv6(0, extension(60))],
    ["an extension header longer than the packet", "bad-header", ipv6(0, extension(TCP, 1))],
    // RFC 2675: a jumbogram has 0.
    ["a payload length of 0 before more", "bad-header", ipv6(0, [])],
    ["tags up to the end", "truncated", Uint8Array.of(...noise(12, 1), 0x81, 0, 0, 1, 0x81, 0, 0, 1)],
  ])("is not found, with a reason: %s", (_, reason, bytes) => {
    expect(packetIn(bytes)).toBe(reason);
  });
});

describe("an undone checksum", () => {
  const packet = (protocol: number): Packet => ({
    ipv6: false,
    network: 14,
    transport: 34,
    protocol,
    end: 134,
  });
  const GRE = 47;

  it.each<[string, number, number, number]>([
    ["that of TCP", TCP, 34, 16],
    ["that of UDP", UDP, 34, 6],
    ["that of GRE", GRE, 34, 4],
    ["in a tunnel over UDP", UDP, 34 + 8 + 8 + 34, 16],
    ["in a tunnel over GRE", GRE, 34 + 4 + 20, 6],
    ["in IPv4", 4, 34 + 20, 16],
    ["in IPv6", 41, 34 + 40, 16],
    ["in the last two bytes", UDP, 100, 32],
  ])("may be %s", (_, protocol, start, offset) => {
    expect(hasCsumAt(packet(protocol), start, offset)).toBe(true);
  });

  it.each<[string, number, number, number]>([
    ["where the MAC addresses are", UDP, 0, 0],
    ["where the IP addresses are", UDP, 14, 12],
    ["where UDP has its ports", UDP, 34, 0],
    ["where TCP has its flags", TCP, 34, 12],
    ["in UDP's header for the inner packet", UDP, 41, 0],
    ["in GRE's header for the inner packet", GRE, 37, 0],
    ["in the IPv4 header of a tunnel", 4, 53, 0],
    ["in the IPv6 header of a tunnel", 41, 73, 0],
    ["in TCP's payload", TCP, 60, 6],
    ["where ICMP has its type", 1, 34, 0],
    ["where ICMPv6 has its checksum, which no sender leaves undone", 58, 34, 2],
    ["half behind the packet", UDP, 100, 33],
    ["far behind the packet", UDP, 100, 0xffff],
  ])("is not accepted %s", (_, protocol, start, offset) => {
    expect(hasCsumAt(packet(protocol), start, offset)).toBe(false);
  });
});
