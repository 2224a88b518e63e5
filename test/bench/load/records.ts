import { writeMac } from "../../../shared/frame/mac.ts";
import { ENCAPSULATION_BYTES, encapsulate } from "../../../shared/protocol/record.ts";

export const BROADCAST = 0xff_ff_ff_ff_ff_ff;
/** IEEE 802's local experimental EtherType. */
const ETHERTYPE = [0x88, 0xb5] as const;
const ETHERNET_BYTES = 14;

/** Returns the bytes of a record with a frame of `payload` bytes behind its Ethernet header. */
export function recordBytes(payload: number): number {
  return ENCAPSULATION_BYTES + ETHERNET_BYTES + payload;
}

/** Builds a message of `count` records, each a frame of `payload` bytes from one address to another. */
export function records(
  vni: number,
  { from, to, payload, count }: { from: number; to: number; payload: number; count: number },
): Uint8Array {
  const size = recordBytes(payload);
  const bytes = new Uint8Array(count * size);
  for (let start = 0; start < bytes.length; start += size) {
    encapsulate(bytes, start, start + size, vni);
    const frame = start + ENCAPSULATION_BYTES;
    writeMac(bytes, frame, to);
    writeMac(bytes, frame + 6, from);
    bytes.set(ETHERTYPE, frame + 12);
  }
  return bytes;
}
