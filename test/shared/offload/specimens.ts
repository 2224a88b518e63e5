/** Frames with work left to do, as a TAP gives them, with random fields. */

import fc from "fast-check";
import { written } from "../../../shared/frame/bytes.ts";
import {
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_SERVICE_VLAN,
  ETHERTYPE_VLAN,
  encodeEthernet,
} from "../../../shared/frame/ethernet.ts";
import { encodeIpv4, PROTOCOL_TCP, PROTOCOL_UDP } from "../../../shared/frame/ip/ipv4.ts";
import { encodeIpv6 } from "../../../shared/frame/ip/ipv6.ts";
import { encodeUdp } from "../../../shared/frame/ip/udp.ts";
import {
  GSO_NONE,
  GSO_TCPV4,
  GSO_TCPV6,
  GSO_UDP_L4,
  NEEDS_CSUM,
  VIRTIO_BYTES,
  type VirtioHeader,
  writeVirtio,
} from "../../../shared/offload/virtio.ts";
import { ethernetHeader, ipv4Header, ipv6Header, vlanTag } from "../frame/arbitraries.ts";
import { dissect } from "./by-definition.ts";

/** A frame and its virtio-net header. */
export interface Specimen {
  readonly virtio: VirtioHeader;
  readonly frame: Uint8Array;
}

export const FIN = 0x01;
export const PSH = 0x08;
export const ACK = 0x10;
export const ECE = 0x40;
export const CWR = 0x80;
const SYN_AND_RST = 0x06;

/** Ports that no dissector claims. */
const quietPort = fc.integer({ min: 62_000, max: 62_999 });

/** The fields of a TCP header; `options` is a multiple of 4 bytes. */
export interface TcpFields {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly flags: number;
  readonly window: number;
  readonly options: Uint8Array;
}

/** No-operations, then a timestamp. */
const tcpOptions = fc
  .tuple(fc.nat(7), fc.option(fc.uint8Array({ minLength: 8, maxLength: 8 })))
  .map(([words, stamp]) =>
    Uint8Array.of(...new Array(words * 4).fill(1), ...(stamp === null ? [] : [1, 1, 8, 10, ...stamp])),
  );

export const tcpFields: fc.Arbitrary<TcpFields> = fc.record({
  sourcePort: quietPort,
  destinationPort: quietPort,
  // Often close to the wrap-around.
  sequence: fc.oneof(fc.nat(0xffff_ffff), fc.integer({ min: 0xffff_0000, max: 0xffff_ffff })),
  acknowledgment: fc.nat(0xffff_ffff),
  flags: fc.nat(0xff).map((flags) => flags & ~SYN_AND_RST),
  window: fc.nat(0xffff),
  options: tcpOptions,
});

/** Hop-by-hop options, destination options and a used-up experimental routing header, padded. */
const extensions = fc
  .subarray([0, 60, 43])
  .chain((types) => fc.tuple(...types.map((type) => fc.nat(2).map((units) => ({ type, units })))));

const tags = fc.tuple(fc.array(vlanTag, { maxLength: 2 }), fc.boolean()).map(([list, service]) =>
  list.map((tag, index) => ({
    ...tag,
    tpid: index === 0 && service ? ETHERTYPE_SERVICE_VLAN : ETHERTYPE_VLAN,
  })),
);

/** Bytes that do not repeat, from a seed: faster than an arbitrary for each. */
export function noise(length: number, seed: number): Uint8Array {
  let state = seed | 1;
  return Uint8Array.from({ length }, () => {
    state = Math.imul(state, 1_664_525) + 1_013_904_223;
    return state >>> 24;
  });
}

const payload = (lengths: fc.Arbitrary<number>) =>
  fc.tuple(lengths, fc.nat()).map(([n, seed]) => noise(n, seed));

/** Ethernet and IP around `upper`; the checksum field at `csumOffset` gets the pseudo-header's sum. */
type Envelope = (
  protocol: number,
  upper: Uint8Array,
  csumOffset: number,
) => Omit<Specimen, "virtio"> & {
  readonly csumStart: number;
};

const ipv4Envelope: fc.Arbitrary<Envelope> = fc
  .tuple(ethernetHeader, tags, ipv4Header, fc.nat(10))
  .map(([ethernet, stack, header, optionWords]) => (protocol, upper, csumOffset) => {
    const bytes = new Uint8Array(200 + upper.length);
    const at = written(encodeEthernet(bytes, 0, { ...ethernet, tags: stack, etherType: ETHERTYPE_IPV4 }));
    const transport = written(
      encodeIpv4(bytes, at, {
        ...header,
        moreFragments: false,
        fragmentOffset: 0,
        options: new Uint8Array(optionWords * 4).fill(1),
        protocol,
        payloadLength: upper.length,
      }),
    );
    return seal(bytes, transport, upper, csumOffset);
  });

const ipv6Envelope: fc.Arbitrary<Envelope> = fc
  .tuple(ethernetHeader, tags, ipv6Header, extensions)
  .map(([ethernet, stack, header, chain]) => (protocol, upper, csumOffset) => {
    const bytes = new Uint8Array(200 + upper.length);
    const at = written(encodeEthernet(bytes, 0, { ...ethernet, tags: stack, etherType: ETHERTYPE_IPV6 }));
    const extra = chain.reduce((sum, { units }) => sum + 8 * (units + 1), 0);
    const nextHeader = chain[0]?.type ?? protocol;
    let transport = written(
      encodeIpv6(bytes, at, { ...header, nextHeader, payloadLength: extra + upper.length }),
    );
    for (const [index, { type, units }] of chain.entries()) {
      const length = 8 * (units + 1);
      const next = chain[index + 1]?.type ?? protocol;
      // PadN over the rest (RFC 8200 §4.2), or routing type 253 with no segment left.
      bytes.set(type === 43 ? [next, units, 253, 0] : [next, units, 1, length - 4], transport);
      transport += length;
    }
    return seal(bytes, transport, upper, csumOffset);
  });

function seal(
  bytes: Uint8Array,
  transport: number,
  upper: Uint8Array,
  csumOffset: number,
): ReturnType<Envelope> {
  bytes.set(upper, transport);
  const frame = bytes.slice(0, transport + upper.length);
  const { pseudoHeader } = dissect(frame);
  frame.set([pseudoHeader >>> 8, pseudoHeader & 0xff], transport + csumOffset);
  return { frame, csumStart: transport };
}

/** A TCP header without a checksum, and payload. */
export function encodeTcp(fields: TcpFields, data: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(20 + fields.options.length + data.length);
  bytes.writeUInt16BE(fields.sourcePort, 0);
  bytes.writeUInt16BE(fields.destinationPort, 2);
  bytes.writeUInt32BE(fields.sequence, 4);
  bytes.writeUInt32BE(fields.acknowledgment, 8);
  bytes[12] = (5 + fields.options.length / 4) << 4;
  bytes[13] = fields.flags;
  bytes.writeUInt16BE(fields.window, 14);
  bytes.set(fields.options, 20);
  bytes.set(data, 20 + fields.options.length);
  return bytes;
}

function encodeDatagram(sourcePort: number, destinationPort: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + data.length);
  bytes.set(data, encodeUdp(bytes, 0, { sourcePort, destinationPort, payloadLength: data.length }));
  return bytes;
}

/** A virtio-net header with the relevant fields: the others are as Linux may leave them. */
const hints = fc.record({ ecn: fc.boolean(), hdrLen: fc.nat(0xffff) });

/** From 100 on, so that no combination of headers exceeds the expansion limit. */
const gsoSizes = fc.integer({ min: 100, max: 1500 });

/** Most for a few frames, some for almost none, and some as large as a packet can be. */
const lengths = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 6000 }) },
  { weight: 2, arbitrary: fc.nat(200) },
  { weight: 1, arbitrary: fc.integer({ min: 65_000, max: 65_330 }) },
);

function tcpSuperFrame(
  envelope: fc.Arbitrary<Envelope>,
  gsoType: number,
  sizes = lengths,
): fc.Arbitrary<Specimen> {
  return fc
    .tuple(envelope, tcpFields, payload(sizes), gsoSizes, hints)
    .map(([wrap, tcp, data, gsoSize, { ecn, hdrLen }]) => {
      const { frame, csumStart } = wrap(PROTOCOL_TCP, encodeTcp(tcp, data), 16);
      const virtio = { flags: NEEDS_CSUM, gsoType, ecn, hdrLen, gsoSize, csumStart, csumOffset: 16 };
      return { frame, virtio };
    });
}

function udpSuperFrame(envelope: fc.Arbitrary<Envelope>, sizes = lengths): fc.Arbitrary<Specimen> {
  return fc
    .tuple(envelope, quietPort, quietPort, payload(sizes), gsoSizes, hints)
    .map(([wrap, from, to, data, gsoSize, { hdrLen }]) => {
      const { frame, csumStart } = wrap(PROTOCOL_UDP, encodeDatagram(from, to, data), 6);
      const more = { gsoType: GSO_UDP_L4, ecn: false, hdrLen, gsoSize };
      return { frame, virtio: { flags: NEEDS_CSUM, ...more, csumStart, csumOffset: 6 } };
    });
}

/** Super-frames by payload, each with up to two VLAN tags, options and extension headers. */
export const superFrames = {
  "TCP over IPv4": tcpSuperFrame(ipv4Envelope, GSO_TCPV4),
  "TCP over IPv6": tcpSuperFrame(ipv6Envelope, GSO_TCPV6),
  "UDP over IPv4": udpSuperFrame(ipv4Envelope),
  "UDP over IPv6": udpSuperFrame(ipv6Envelope),
};

/** The same, small enough to be checked byte by byte. */
export const smallSuperFrames = fc.oneof(
  tcpSuperFrame(ipv4Envelope, GSO_TCPV4, fc.nat(400)),
  tcpSuperFrame(ipv6Envelope, GSO_TCPV6, fc.nat(400)),
  udpSuperFrame(ipv4Envelope, fc.nat(400)),
  udpSuperFrame(ipv6Envelope, fc.nat(400)),
);

/** Frames with only the checksum left to do, padded by up to 46 arbitrary bytes. */
export const unsummedFrames: fc.Arbitrary<Specimen> = fc
  .tuple(fc.oneof(...Object.values(superFrames)), fc.uint8Array({ maxLength: 46 }))
  .map(([{ frame, virtio }, padding]) => ({
    frame: Uint8Array.of(...frame, ...padding),
    virtio: { ...virtio, gsoType: GSO_NONE, ecn: false, gsoSize: 0 },
  }));

/** Plain TCP over IPv4 and Ethernet, except for the given fields. */
export function plainSpecimen(
  fields: Partial<TcpFields>,
  data: Uint8Array,
  virtio: Partial<VirtioHeader> = {},
): Specimen {
  const tcp = { sourcePort: 62_000, destinationPort: 62_001, sequence: 1, acknowledgment: 1, window: 1000 };
  const upper = encodeTcp({ ...tcp, flags: ACK, options: new Uint8Array(0), ...fields }, data);
  return specimenOf(PROTOCOL_TCP, upper, { gsoType: GSO_TCPV4, csumOffset: 16, ...virtio });
}

/** Plain UDP over IPv4 and Ethernet, likewise. */
export function plainDatagram(data: Uint8Array, virtio: Partial<VirtioHeader> = {}): Specimen {
  const upper = encodeDatagram(62_000, 62_001, data);
  return specimenOf(PROTOCOL_UDP, upper, { gsoType: GSO_UDP_L4, csumOffset: 6, ...virtio });
}

function specimenOf(protocol: number, upper: Uint8Array, given: Partial<VirtioHeader>): Specimen {
  const bytes = new Uint8Array(34 + upper.length);
  const ethernet = { destination: 0x02_0000_0000_02, source: 0x02_0000_0000_01, tags: [] };
  const at = written(encodeEthernet(bytes, 0, { ...ethernet, etherType: ETHERTYPE_IPV4 }));
  const addresses = { source: 0x0a_00_00_01, destination: 0x0a_00_00_02 };
  const transport = written(
    encodeIpv4(bytes, at, {
      ...{ ...addresses, protocol, identification: 7, payloadLength: upper.length },
    }),
  );
  const defaults = {
    flags: NEEDS_CSUM,
    gsoType: GSO_NONE,
    ecn: false,
    hdrLen: 0,
    gsoSize: 100,
    csumOffset: 0,
  };
  const virtio = { ...defaults, csumStart: transport, ...given };
  const { frame } = seal(bytes, transport, upper, protocol === PROTOCOL_TCP ? 16 : 6);
  return { frame, virtio };
}

/** A buffer that contains the specimen, and its offset. */
export interface Placed {
  readonly bytes: Uint8Array;
  readonly virtio: number;
  readonly frame: number;
  readonly end: number;
}

/** Copies a specimen, the header right before the frame, to `offset` in a buffer with more bytes behind it. */
export function place({ virtio, frame }: Specimen, offset = 5): Placed {
  const bytes = new Uint8Array(offset + VIRTIO_BYTES + frame.length + 7).fill(0xa5);
  const at = written(writeVirtio(bytes, offset, virtio));
  bytes.set(frame, at);
  return { bytes, virtio: offset, frame: at, end: at + frame.length };
}
