import { readUint16, readUint128, writeUint16 } from "../../shared/frame/bytes.ts";
import { checksum, sumPseudoHeader } from "../../shared/frame/checksum.ts";
import { decodeIpv4, PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_UDP } from "../../shared/frame/ip/ipv4.ts";
import { Malformed } from "../../shared/frame/malformed.ts";

const IPV4_CHECKSUM = 10;
const ICMP_CHECKSUM = 2;
const UDP_CHECKSUM = 6;

/**
 * Corrects the checksums of the IP packet in [packet, end), whatever else is wrong with it, as a hostile sender does.
 * Otherwise few changed packets would pass the first check.
 */
export function seal(bytes: Uint8Array, packet: number, end: number): void {
  const version = (bytes[packet] ?? 0) >>> 4;
  if (version === 4) sealIpv4(bytes, packet, end);
  else if (version === 6 && packet + 40 <= end) sealIpv6(bytes, packet, end);
}

function sealIpv4(bytes: Uint8Array, packet: number, end: number): void {
  const payload = packet + ((bytes[packet] ?? 0) & 0x0f) * 4;
  if (payload < packet + 20 || payload > end) return;
  writeUint16(bytes, packet + IPV4_CHECKSUM, 0);
  writeUint16(bytes, packet + IPV4_CHECKSUM, checksum(bytes, packet, payload));
  const ip = decodeIpv4(bytes, packet, end);
  if (ip instanceof Malformed) return;
  if (ip.protocol === PROTOCOL_ICMP) write(bytes, ip.payload, ip.end, ICMP_CHECKSUM, 0);
  if (ip.protocol !== PROTOCOL_UDP) return;
  const udpEnd = endOfUdp(bytes, ip.payload, ip.end);
  const sum = sumPseudoHeader(ip.source, ip.destination, PROTOCOL_UDP, udpEnd - ip.payload);
  write(bytes, ip.payload, udpEnd, UDP_CHECKSUM, sum);
}

function sealIpv6(bytes: Uint8Array, packet: number, end: number): void {
  const payload = packet + 40;
  const payloadEnd = payload + readUint16(bytes, packet + 4);
  const protocol = bytes[packet + 6] ?? 0;
  if (payloadEnd > end || (protocol !== PROTOCOL_ICMPV6 && protocol !== PROTOCOL_UDP)) return;
  const isUdp = protocol === PROTOCOL_UDP;
  const upperEnd = isUdp ? endOfUdp(bytes, payload, payloadEnd) : payloadEnd;
  const [source, destination] = [readUint128(bytes, packet + 8), readUint128(bytes, packet + 24)];
  const sum = sumPseudoHeader(source, destination, protocol, upperEnd - payload);
  write(bytes, payload, upperEnd, isUdp ? UDP_CHECKSUM : ICMP_CHECKSUM, sum);
}

function endOfUdp(bytes: Uint8Array, start: number, end: number): number {
  return start + 8 <= end ? Math.min(start + readUint16(bytes, start + 4), end) : end;
}

function write(bytes: Uint8Array, start: number, end: number, at: number, sum: number): void {
  if (start + at + 2 > end) return;
  writeUint16(bytes, start + at, 0);
  writeUint16(bytes, start + at, checksum(bytes, start, end, sum) || 0xffff);
}
