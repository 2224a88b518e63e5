import { readUint16, readUint32 } from "../../frame/bytes.ts";
import { ETHERTYPE_ARP } from "../../frame/ethernet.ts";
import { PROTOCOL_ICMPV6 } from "../../frame/ip/ipv4.ts";
import { type FrameView, LLC } from "../policy/frame-view.ts";

/** Reverse ARP (RFC 903): hypervisors send it for a machine that has just moved to them. */
const ETHERTYPE_RARP = 0x8035;
const NEIGHBOUR_ADVERTISEMENT = 136;

const ARP_BYTES = 28;
const ARP_OPERATION = 6;
const ARP_SENDER_ADDRESS = 14;
const ARP_TARGET_ADDRESS = 24;
const ARP_REPLY = 2;

/**
 * Returns whether a frame tells all ports where its sender is now: gratuitous ARP (RFC 5944 section 4.6), an unsolicited neighbour
 * advertisement (RFC 4861 section 7.2.6), a hypervisor's RARP after live migration, or the LLC frame that an access point
 * broadcasts for a station that has roamed to it (IEEE 802.11F layer 2 update).
 */
export function isAnnouncement(view: FrameView): boolean {
  const { bytes, end, etherType, type, payload } = view;
  if (!view.isGroup) return false;
  if (etherType === ETHERTYPE_RARP) return true;
  if (etherType === ETHERTYPE_ARP) {
    if (payload + ARP_BYTES > end) return false;
    return (
      readUint16(bytes, payload + ARP_OPERATION) === ARP_REPLY ||
      readUint32(bytes, payload + ARP_SENDER_ADDRESS) === readUint32(bytes, payload + ARP_TARGET_ADDRESS)
    );
  }
  if (type === LLC) return etherType === LLC && view.isBroadcast;
  return view.has(PROTOCOL_ICMPV6, 1) && bytes[view.transport] === NEIGHBOUR_ADVERTISEMENT;
}
