import { encodeIpv4, PROTOCOL_TCP } from "../../shared/frame/ip/ipv4.ts";
import { GSO_TCPV4, NEEDS_CSUM, VIRTIO_BYTES, writeVirtio } from "../../shared/offload/virtio.ts";

const ETHERNET = 14;
const IPV4 = 20;
const TCP = 20;
const MSS = 1_460;
const SEGMENTS = 44;

/** A TCP super-frame of 44 full segments, about 64 KiB, behind its virtio-net header. */
export function tcpSuperFrame(): { bytes: Uint8Array; frame: number; segments: number } {
  const frame = VIRTIO_BYTES;
  const payloadLength = TCP + MSS * SEGMENTS;
  const bytes = new Uint8Array(frame + ETHERNET + IPV4 + payloadLength);
  writeVirtio(bytes, 0, {
    flags: NEEDS_CSUM,
    gsoType: GSO_TCPV4,
    ecn: false,
    hdrLen: ETHERNET + IPV4 + TCP,
    gsoSize: MSS,
    csumStart: ETHERNET + IPV4,
    csumOffset: 16,
  });
  bytes.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00], frame);
  const ip = frame + ETHERNET;
  encodeIpv4(bytes, ip, {
    protocol: PROTOCOL_TCP,
    source: 0x0a000001,
    destination: 0x0a000002,
    payloadLength,
  });
  // Data offset of five words, ACK.
  bytes.set([0x50, 0x10], ip + IPV4 + 12);
  return { bytes, frame, segments: SEGMENTS };
}
