/** Wake-on-LAN: a "magic packet" is six bytes of ones and sixteen copies of the target's address in any frame. */
import type { Written } from "../../../shared/frame/bytes.ts";
import { ETHERNET_HEADER_BYTES, ETHERTYPE_IPV4, encodeEthernet } from "../../../shared/frame/ethernet.ts";
import { encodeIpv4, IPV4_HEADER_BYTES, PROTOCOL_UDP } from "../../../shared/frame/ip/ipv4.ts";
import { encodeUdp, sealUdp, UDP_HEADER_BYTES } from "../../../shared/frame/ip/udp.ts";
import { BROADCAST_MAC, MAC_BYTES, writeMac } from "../../../shared/frame/mac.ts";

/** AMD's EtherType for Wake-on-LAN. */
const ETHERTYPE_WAKE = 0x0842;
const REPEATS = 16;
const MAGIC_BYTES = MAC_BYTES * (1 + REPEATS);
/** The discard service (RFC 863), the customary port for Wake-on-LAN. */
const DISCARD_PORT = 9;
const LIMITED_BROADCAST = 0xffff_ffff;

/**
 * Returns the frames that wake a machine: with the EtherType for it, and as UDP, because some networks pass only IP.
 *
 * @param source this machine's MAC address, 48 bits
 * @param target the sleeping machine's
 * @param address this machine's IPv4 address, 0 without one
 */
export function wakeFrames(source: number, target: number, address: number): Uint8Array[] {
  const header = { destination: BROADCAST_MAC, source, tags: [] };

  const raw = new Uint8Array(ETHERNET_HEADER_BYTES + MAGIC_BYTES);
  writeMagic(raw, encodeEthernet(raw, 0, { ...header, etherType: ETHERTYPE_WAKE }), target);

  const length = UDP_HEADER_BYTES + MAGIC_BYTES;
  const udp = new Uint8Array(ETHERNET_HEADER_BYTES + IPV4_HEADER_BYTES + length);
  const ip = encodeEthernet(udp, 0, { ...header, etherType: ETHERTYPE_IPV4 });
  const segment = encodeIpv4(udp, ip, {
    protocol: PROTOCOL_UDP,
    source: address,
    destination: LIMITED_BROADCAST,
    payloadLength: length,
  });
  const ports = { sourcePort: DISCARD_PORT, destinationPort: DISCARD_PORT };
  writeMagic(udp, encodeUdp(udp, segment, { ...ports, payloadLength: MAGIC_BYTES }), target);
  sealUdp(udp, segment, address, LIMITED_BROADCAST);
  return [raw, udp];
}

function writeMagic(bytes: Uint8Array, offset: Written, target: number): void {
  let at = writeMac(bytes, offset, BROADCAST_MAC);
  for (let i = 0; i < REPEATS; i++) at = writeMac(bytes, at, target);
}
