/** The result for a specimen. */
import { expect } from "vitest";
import {
  finish,
  OffloadFault,
  type OffloadFaultReason,
  RECORD_HEADROOM,
} from "../../../shared/offload/finish.ts";
import { place, type Specimen } from "./specimens.ts";

/** The resulting frames, after a check of their layout. */
export function finished(specimen: Specimen, offset?: number): Uint8Array[] {
  const { bytes, virtio, frame, end } = place(specimen, offset);
  const before = bytes.slice();
  const plain = finish(bytes, virtio, frame, end);
  expect(Buffer.compare(bytes, before), "what it was given is as it was").toBe(0);
  if (plain instanceof OffloadFault) throw new Error(plain.reason);
  expect(plain.bytes.buffer.byteLength).toBe(plain.bytes.length);
  const frames: Uint8Array[] = [];
  let last = 0;
  for (let index = 0; index < plain.count; index++) {
    expect(plain.frameAt(index)).toBe(last + RECORD_HEADROOM);
    last = plain.endAt(index);
    frames.push(plain.bytes.subarray(plain.frameAt(index), last));
  }
  expect(last).toBe(plain.bytes.length);
  return frames;
}

export function faultOf(specimen: Specimen): OffloadFaultReason | undefined {
  const { bytes, virtio, frame, end } = place(specimen);
  const result = finish(bytes, virtio, frame, end);
  return result instanceof OffloadFault ? result.reason : undefined;
}

/** The same specimen with some bytes of its frame changed. */
export function edited({ frame, virtio }: Specimen, edit: (frame: Buffer) => void): Specimen {
  const bytes = Buffer.from(frame);
  edit(bytes);
  return { frame: bytes, virtio };
}
