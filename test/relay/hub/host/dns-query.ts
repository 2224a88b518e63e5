import { encode } from "dns-packet";
import { encodeEthernet } from "../../../../shared/frame/ethernet.ts";
import { encodeIpv4, PROTOCOL_UDP } from "../../../../shared/frame/ip/ipv4.ts";
import { encodeUdp, sealUdp, UDP_HEADER_BYTES } from "../../../../shared/frame/ip/udp.ts";
import { ipv4 } from "../../../shared/switch/multicast/frames.ts";

/** A frame in which a host asks the hub, at 10.20.0.1, for its own name. */
export function dnsQuery({ mac, hub, from }: { mac: number; hub: number; from: number }): Uint8Array {
  const query = encode({ type: "query", id: 1, questions: [{ type: "A", name: "hub.office.lan.internal" }] });
  const destination = ipv4("10.20.0.1");
  const bytes = new Uint8Array(14 + 20 + UDP_HEADER_BYTES + query.length);
  const ip = encodeEthernet(bytes, 0, { destination: hub, source: mac, tags: [], etherType: 0x0800 });
  const payloadLength = UDP_HEADER_BYTES + query.length;
  const udp = encodeIpv4(bytes, ip, { source: from, destination, protocol: PROTOCOL_UDP, payloadLength });
  const header = { sourcePort: 4_000, destinationPort: 53, payloadLength: query.length };
  bytes.set(query, encodeUdp(bytes, udp, header));
  sealUdp(bytes, udp, from, destination);
  return bytes;
}
