/** Records for queues: each says of which flow it is and which in it, and is full of bytes that tell. */
import { readUint32, writeUint32 } from "../../../shared/frame/bytes.ts";
import { ETHERTYPE_EXPERIMENTAL, encodeEthernet } from "../../../shared/frame/ethernet.ts";
import { readMac } from "../../../shared/frame/mac.ts";
import { ENCAPSULATION_BYTES, encapsulate } from "../../../shared/protocol/record.ts";
import { Block } from "../../../shared/tunnel/block.ts";
import type { EgressQueue, RecordRange } from "../../../shared/tunnel/egress-queue.ts";

/** Headroom, Ethernet header and the record's number. */
export const LEAST_RECORD_BYTES = ENCAPSULATION_BYTES + 14 + 4;

/** The longest record: 64 KiB of payload and a record header with virtio-net header. */
export const SUPER_RECORD_BYTES = 22 + 14 + 65_535;

const SOURCE = ENCAPSULATION_BYTES + 6;
const NUMBER = ENCAPSULATION_BYTES + 14;

/** An address that no flow has. */
export const NOBODY = 0x0200_0000_ffff;

/** Writes the record `number` of `flow`, which is its source address, to `bytes[start, end)`. */
export function writeRecord(
  bytes: Uint8Array,
  start: number,
  end: number,
  flow: number,
  number: number,
  { vni = 101, destination = NOBODY } = {},
): void {
  bytes.fill(number, start, end);
  encapsulate(bytes, start, end, vni);
  const header = { destination, source: flow, tags: [], etherType: ETHERTYPE_EXPERIMENTAL };
  encodeEthernet(bytes, start + ENCAPSULATION_BYTES, header);
  writeUint32(bytes, start + NUMBER, number);
}

/** Adds the record `number` of `flow`, of `size` bytes in a buffer that is written over at once. */
export function addRecord(queue: EgressQueue, flow: number, number: number, size: number): void {
  const bytes = new Uint8Array(size);
  writeRecord(bytes, 0, size, flow, number);
  queue.add(bytes, 0, ENCAPSULATION_BYTES, size);
  bytes.fill(0xee);
}

export interface Told {
  flow: number;
  number: number;
  size: number;
}

/** What a record says of itself; throws where its bytes are not those that were written. */
export function readRecord({ block: { bytes }, start, end }: RecordRange): Told {
  const number = readUint32(bytes, start + NUMBER);
  // From the number's last byte on, each byte is the same as the next.
  const rest = bytes.subarray(start + LEAST_RECORD_BYTES - 1, end);
  if (Buffer.compare(rest.subarray(1), rest.subarray(0, -1)) !== 0) {
    throw new Error(`record ${number} was written over`);
  }
  return { flow: readMac(bytes, start + SOURCE), number, size: end - start };
}

/** The record whose turn it is; its block goes back to its pool. */
export function takeRecord(queue: EgressQueue): Told | undefined {
  const range = { block: new Block(new Uint8Array(0)), start: 0, end: 0 };
  if (!queue.take(range)) return undefined;
  const told = readRecord(range);
  range.block.release();
  return told;
}

/** All that wait, in the order of their turns. */
export function drain(queue: EgressQueue): Told[] {
  const all: Told[] = [];
  for (let told = takeRecord(queue); told !== undefined; told = takeRecord(queue)) all.push(told);
  return all;
}
