import { isOffload } from "../protocol/record.ts";
import { GSO_NONE, readGsoSize, readGsoType, VIRTIO_BYTES } from "./virtio.ts";

/**
 * How many packets the record `bytes[start, end)`, whose frame begins at `frame`, stands for: of a super-frame about as many as
 * it is cut into, with its headers counted as payload.
 */
export function packetCount(bytes: Uint8Array, start: number, frame: number, end: number): number {
  if (!isOffload(bytes, start)) return 1;
  const virtio = frame - VIRTIO_BYTES;
  const size = readGsoSize(bytes, virtio);
  return readGsoType(bytes, virtio) === GSO_NONE || size === 0 ? 1 : Math.ceil((end - frame) / size);
}
