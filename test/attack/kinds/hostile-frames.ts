// Builds an attacker's frames: whole protocols in a few lines each, valid only where that gets them further.
import { Buffer } from "node:buffer";
import { checksum, sumPseudoHeader } from "../../../shared/frame/checksum.ts";
import type { Random } from "../../fuzz/random.ts";
import { igmpRecords, mldRecords, sealIcmpv6 } from "../../shared/frame/group-messages.ts";
import { packet, rawRecord, vxlan } from "../../support/relay/client.ts";

export const BROADCAST = 0xffff_ffff_ffff;
/** The hub's own MAC address in a network, without the VNI. */
export const HUB = 0x024c_4e00_0000;
const ALL_NODES = 0xff02n * 2n ** 112n + 1n;
const LINK_LOCAL = 0xfe80n * 2n ** 112n;

export interface FrameOptions {
  readonly to: number;
  readonly from: number;
  readonly etherType: number;
  /** The VLAN id, if there is a tag. */
  readonly vlan?: number | undefined;
}

export function ethernet({ to, from, etherType, vlan }: FrameOptions, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(vlan === undefined ? 14 : 18);
  head.writeUIntBE(to, 0, 6);
  head.writeUIntBE(from, 6, 6);
  if (vlan !== undefined) head.writeUInt32BE(0x8100_0000 + vlan, 12);
  head.writeUInt16BE(etherType, head.length - 2);
  return Buffer.concat([head, payload]);
}

export interface Ipv4Options {
  readonly source: number;
  readonly destination: number;
  readonly protocol: number;
  /** Flags and offset, as in the header. */
  readonly fragment?: number;
  readonly ttl?: number;
}

export function ipv4(options: Ipv4Options, payload: Uint8Array): Buffer {
  const { source, destination, protocol, fragment = 0, ttl = 64 } = options;
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header.writeUInt16BE((20 + payload.length) & 0xffff, 2);
  header.writeUInt16BE(fragment, 6);
  header[8] = ttl;
  header[9] = protocol;
  header.writeUInt32BE(source, 12);
  header.writeUInt32BE(destination, 16);
  header.writeUInt16BE(checksum(header, 0, 20), 10);
  return Buffer.concat([header, payload]);
}

export function ipv6(
  source: bigint,
  destination: bigint,
  next: number,
  payload: Uint8Array,
  hopLimit = 255,
): Buffer {
  const header = Buffer.alloc(40);
  header[0] = 0x60;
  header.writeUInt16BE(payload.length & 0xffff, 4);
  header[6] = next;
  header[7] = hopLimit;
  writeIpv6(header, 8, source);
  writeIpv6(header, 24, destination);
  return Buffer.concat([header, payload]);
}

function writeIpv6(bytes: Buffer, at: number, address: bigint): void {
  bytes.writeBigUInt64BE(address >> 64n, at);
  bytes.writeBigUInt64BE(address & 0xffff_ffff_ffff_ffffn, at + 8);
}

export function udp(source: number, destination: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(source, 0);
  header.writeUInt16BE(destination, 2);
  header.writeUInt16BE((8 + payload.length) & 0xffff, 4);
  return Buffer.concat([header, payload]);
}

/** Builds an ARP request in which `mac` claims `address`. */
export function arpClaim(mac: number, address: number, target = address): Buffer {
  const arp = Buffer.alloc(46);
  arp.writeUIntBE(0x0001_0800_0604, 0, 6);
  arp.writeUInt16BE(1, 6);
  arp.writeUIntBE(mac, 8, 6);
  arp.writeUInt32BE(address, 14);
  arp.writeUInt32BE(target, 24);
  return ethernet({ to: BROADCAST, from: mac, etherType: 0x0806 }, arp);
}

/** Builds a neighbour advertisement (RFC 4861) in which `mac` claims `address`. */
export function neighbourClaim(mac: number, address: bigint): Buffer {
  const message = Buffer.alloc(32);
  message[0] = 136;
  message[4] = 0x20;
  writeIpv6(message, 8, address);
  message[24] = 2;
  message[25] = 1;
  message.writeUIntBE(mac, 26, 6);
  const sealed = sealIcmpv6(message, address, ALL_NODES);
  return ethernet(
    { to: 0x3333_0000_0001, from: mac, etherType: 0x86dd },
    ipv6(address, ALL_NODES, 58, sealed),
  );
}

/** An IGMPv3 report of many random groups. */
export function igmpReports(random: Random, from: number, vlan?: number): Buffer {
  const records = Array.from({ length: 1 + random.below(180) }, () => {
    return { type: 4, group: 0xe900_0000 + random.below(2 ** 24), sources: [] };
  });
  const message = ipv4(
    { source: 0x0a42_0009, destination: 0xe000_0016, protocol: 2, ttl: 1 },
    igmpRecords(records),
  );
  return ethernet({ to: 0x0100_5e00_0016, from, etherType: 0x0800, vlan }, message);
}

/** An MLDv2 report of many random groups. */
export function mldReports(random: Random, from: number, vlan?: number): Buffer {
  const records = Array.from({ length: 1 + random.below(60) }, () => {
    const group = 0xff0en * 2n ** 112n + BigInt(random.next()) * 2n ** 32n + BigInt(random.next());
    return { type: 4, group, sources: [] };
  });
  const source = LINK_LOCAL + BigInt(from);
  const destination = 0xff02n * 2n ** 112n + 0x16n;
  const options = Buffer.from("3a000502000001 00".replaceAll(" ", ""), "hex");
  const message = sealIcmpv6(mldRecords(records), source, destination);
  const packet = ipv6(source, destination, 0, Buffer.concat([options, message]), 1);
  return ethernet({ to: 0x3333_0000_0016, from, etherType: 0x86dd, vlan }, packet);
}

/** A DHCP server's offer to all. */
export function dhcpOffer(from: number): Buffer {
  const message = Buffer.alloc(240);
  message[0] = 2;
  const datagram = udp(67, 68, message);
  const options = { source: 0x0a42_0009, destination: 0xffff_ffff, protocol: 17 };
  return ethernet({ to: BROADCAST, from, etherType: 0x0800 }, ipv4(options, datagram));
}

/** A router advertisement (RFC 4861 section 4.2). */
export function routerAdvertisement(from: number): Buffer {
  const source = LINK_LOCAL + BigInt(from);
  const message = Buffer.from("86000000400007080000000000000000", "hex");
  const packet = ipv6(source, ALL_NODES, 58, sealIcmpv6(message, source, ALL_NODES));
  return ethernet({ to: 0x3333_0000_0001, from, etherType: 0x86dd }, packet);
}

/** Builds a query to the hub for a random name of the network's domain. */
export function dnsQuery(random: Random, from: number, vni: number, source: number, hub: number): Buffer {
  const label = (text: string) => Buffer.from([text.length, ...Buffer.from(text)]);
  const names = [label(`n${random.next()}`), label("given"), label("attacker"), label("internal")];
  const query = Buffer.concat([
    Buffer.from("123401000001000000000000", "hex"),
    ...names,
    Buffer.from([0, 0, random.of([1, 28, 12, 255]), 0, 1]),
  ]);
  const datagram = udp(1_024 + random.below(60_000), 53, query);
  const message = ipv4({ source, destination: hub, protocol: 17 }, datagram);
  return ethernet({ to: HUB + vni, from, etherType: 0x0800 }, message);
}

/** An echo request to the hub, of any size. */
export function ping(random: Random, from: number, vni: number, source: number, hub: number): Buffer {
  const message = Buffer.alloc(8 + random.below(random.below(8) === 0 ? 60_000 : 1_400));
  message[0] = 8;
  random.fill(message, 4, message.length);
  message.writeUInt16BE(0, 2);
  message.writeUInt16BE(checksum(message, 0, message.length), 2);
  const fragment = random.below(4) === 0 ? random.below(0x4000) : 0;
  const packet = ipv4({ source, destination: hub, protocol: 1, fragment }, message);
  return ethernet({ to: HUB + vni, from, etherType: 0x0800 }, packet);
}

/** Flags and offset of a fragment, most often at an edge: the last offset is 8191 units of 8 bytes. */
export function fragmentField(random: Random): number {
  return random.of([0, 0x2000, 0x1fff, 0x3fff, 0x1ffe, 0x1000, random.below(0x4000)]);
}

/** Builds an IPv4 fragment from any source that is too large for the next hop. */
export function fragment(random: Random, source: number, destination: number): Buffer {
  const payload = Buffer.alloc(600 + random.below(900));
  const options = { source, destination, protocol: 17, fragment: fragmentField(random) };
  return ipv4({ ...options, ttl: random.of([1, 2, 64, 255]) }, payload);
}

/** Builds a super-frame with a random virtio-net header (virtio 1.2 section 5.1.6). */
export function superFrame(random: Random, vni: number, to: number, from: number): Buffer {
  const size = random.below(4) === 0 ? random.below(65_000) : random.below(3_000);
  const tcp = Buffer.alloc(20 + size);
  tcp[12] = 0x50;
  const version = random.of([4, 6]);
  const address = LINK_LOCAL + BigInt(from);
  const payload =
    version === 4
      ? ipv4({ source: 0x0a42_0009, destination: 0x0a42_000a, protocol: 6 }, tcp)
      : ipv6(address, address + 1n, 6, tcp);
  const frame = ethernet({ to, from, etherType: version === 4 ? 0x0800 : 0x86dd }, payload);
  const virtio = Buffer.alloc(10);
  virtio[0] = random.of([0, 1, 1, random.below(256)]);
  virtio[1] = random.of([0, 1, 4, 5, 0x81, random.below(256)]);
  virtio.writeUInt16LE(random.of([34, 54, 66, random.below(65_536)]), 2);
  virtio.writeUInt16LE(random.of([1, 100, 1_440, random.below(65_536)]), 4);
  virtio.writeUInt16LE(random.of([14 + payload.length - tcp.length, 34, 54, random.below(65_536)]), 6);
  virtio.writeUInt16LE(random.of([16, 6, random.below(65_536)]), 8);
  return rawRecord(2, Buffer.concat([vxlan(vni), virtio, frame]));
}

/** Builds one or two records with a wrong type, length, VXLAN header or VNI. */
export function malformedRecords(random: Random, vni: number, frame: Uint8Array): Buffer {
  const body = Buffer.concat([vxlan(vni, { flags: random.next(), reserved: random.below(256) }), frame]);
  const claims = [body.length, body.length + 1, 0, 7, 21, 0xff_ffff, random.below(2 ** 24)];
  const wrong = rawRecord(random.of([0, 1, 2, 3, 255]), body, random.of(claims));
  const foreign = packet(random.below(2 ** 24), frame);
  return Buffer.concat(random.of([[wrong], [foreign], [packet(vni, frame), wrong], [foreign, wrong]]));
}

/** Returns the sum that sumPseudoHeader returns for the hub's UDP, because right checksums get further. */
export function sealUdp(datagram: Buffer, source: number, destination: number): Buffer {
  datagram.writeUInt16BE(0, 6);
  const sum = sumPseudoHeader(source, destination, 17, datagram.length);
  datagram.writeUInt16BE(checksum(datagram, 0, datagram.length, sum), 6);
  return datagram;
}
