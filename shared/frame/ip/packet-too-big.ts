/**
 * Answers a frame that is too long for a port's underlay. The answer's source is the packet's destination, because a
 * segment has no router: see ./icmp-error.ts, `too-big`.
 */
import { readUint16 } from "../bytes.ts";
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, findEtherType } from "../ethernet.ts";
import { isGroupAt, MAC_BYTES } from "../mac.ts";
import { icmpError } from "./icmp-error.ts";

/**
 * Builds the frame that answers the one in [frame, end), which is too long.
 *
 * @param frameBytes greatest length of a frame, with its Ethernet header and tags
 * @returns undefined if the RFCs forbid an answer: no IP, IPv4 without DF, an error, a fragment, or a packet from or to
 * a group
 */
export function answerTooBig(
  bytes: Uint8Array,
  frame: number,
  end: number,
  frameBytes: number,
): Uint8Array | undefined {
  if (isGroupAt(bytes, frame)) return undefined;
  const typeOffset = findEtherType(bytes, frame, end);
  if (typeOffset < 0) return undefined;
  const type = readUint16(bytes, typeOffset);
  if (type !== ETHERTYPE_IPV4 && type !== ETHERTYPE_IPV6) return undefined;
  const packet = typeOffset + 2;
  const room = packet - frame;
  const mtu = frameBytes - room;
  if (mtu <= 0) return undefined;
  const answer = icmpError(bytes, packet, end, { kind: "too-big", mtu }, { room });
  if (answer === undefined) return undefined;
  // Keeps tags and EtherType, and swaps the addresses.
  answer.set(bytes.subarray(frame + MAC_BYTES, frame + 2 * MAC_BYTES), 0);
  answer.set(bytes.subarray(frame, frame + MAC_BYTES), MAC_BYTES);
  answer.set(bytes.subarray(frame + 2 * MAC_BYTES, packet), 2 * MAC_BYTES);
  return answer;
}
