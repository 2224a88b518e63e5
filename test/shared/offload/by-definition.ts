/**
 * IP packets and their checksums, read straight from the RFCs and by other means than the tested code: nothing here
 * uses shared/.
 */

/** RFC 1071 as arithmetic: the sum modulo 65535, where only all zeros sum up to 0. */
export function sumByDefinition(data: Uint8Array): number {
  let sum = 0;
  for (const [index, byte] of data.entries()) sum += index % 2 === 0 ? byte * 256 : byte;
  return sum === 0 ? 0 : ((sum - 1) % 65535) + 1;
}

/** An Ethernet frame around TCP or UDP, taken apart; all parts are views of it. */
export interface Anatomy {
  /** Addresses, tags and type. */
  readonly ethernet: Buffer;
  readonly version: 4 | 6;
  /** With options or extension headers. */
  readonly ip: Buffer;
  readonly protocol: "tcp" | "udp";
  /** With options. */
  readonly transport: Buffer;
  readonly payload: Buffer;
  /** Behind the packet. */
  readonly padding: Buffer;
  /** The sum of the pseudo-header, for the packet's length. */
  readonly pseudoHeader: number;
}

const TAGS = [0x8100, 0x88a8];
const EXTENSIONS = [0, 43, 60];
const PROTOCOLS: Record<number, "tcp" | "udp"> = { 6: "tcp", 17: "udp" };

/** Takes a frame apart. Throws if its lengths contradict each other. */
export function dissect(frame: Uint8Array): Anatomy {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.length);
  let at = 12;
  while (TAGS.includes(bytes.readUInt16BE(at))) at += 4;
  const version = bytes.readUInt16BE(at) === 0x0800 ? 4 : 6;
  const network = bytes.subarray(at + 2);
  if ((network[0] ?? 0) >> 4 !== version) throw new Error("version and EtherType differ");
  const length = version === 4 ? network.readUInt16BE(2) : 40 + network.readUInt16BE(4);
  if (length > network.length) throw new Error("shorter than it says");
  const { header, next } = version === 4 ? endOfIpv4(network) : endOfIpv6(network);
  const protocol = PROTOCOLS[next];
  if (protocol === undefined) throw new Error(`protocol ${next}`);
  const upper = network.subarray(header, length);
  const upperHeader = protocol === "udp" ? 8 : ((upper[12] ?? 0) >> 4) * 4;
  if (protocol === "udp" && upper.readUInt16BE(4) !== upper.length) throw new Error("UDP of another length");
  return {
    ethernet: bytes.subarray(0, at + 2),
    version,
    ip: network.subarray(0, header),
    protocol,
    transport: upper.subarray(0, upperHeader),
    payload: upper.subarray(upperHeader),
    padding: network.subarray(length),
    pseudoHeader: sumPseudoHeader(version, network, next, upper.length),
  };
}

function endOfIpv4(network: Buffer): { header: number; next: number } {
  return { header: ((network[0] ?? 0) & 0x0f) * 4, next: network[9] ?? 0 };
}

function endOfIpv6(network: Buffer): { header: number; next: number } {
  let header = 40;
  let next = network[6] ?? 0;
  while (EXTENSIONS.includes(next)) {
    next = network.readUInt8(header);
    header += 8 + network.readUInt8(header + 1) * 8;
  }
  return { header, next };
}

/** RFC 768 and RFC 8200 §8.1. */
function sumPseudoHeader(version: 4 | 6, network: Buffer, protocol: number, length: number): number {
  const addresses = version === 4 ? network.subarray(12, 20) : network.subarray(8, 40);
  const rest = Buffer.alloc(8);
  rest.writeUInt32BE(length, 0);
  rest.writeUInt32BE(protocol, 4);
  return sumByDefinition(Buffer.concat([addresses, rest]));
}

/** The faults in the checksums of a frame that is ready for a wire. */
export function findBadChecksums(anatomy: Anatomy): string[] {
  const { version, ip, protocol, transport, payload, pseudoHeader } = anatomy;
  const bad: string[] = [];
  if (version === 4 && sumByDefinition(ip) !== 0xffff) bad.push("ipv4");
  const seed = Buffer.alloc(2);
  seed.writeUInt16BE(pseudoHeader);
  if (sumByDefinition(Buffer.concat([seed, transport, payload])) !== 0xffff) bad.push(protocol);
  if (protocol === "udp" && transport.readUInt16BE(6) === 0) bad.push("udp says none");
  return bad;
}
