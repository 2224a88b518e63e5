import { isOffload } from "../protocol/record.ts";
import { GSO_NONE, readGsoSize, readGsoType, VIRTIO_BYTES } from "./virtio.ts";

/**
 * Returns the number of packets that the record `bytes[start, end)`, whose frame begins at `frame`, stands for. For a
 * super-frame this is approximate, because it counts the headers as payload.
 */
export function packetCount(bytes: Uint8Array, start: number, frame: number, end: number): number {
  if (!isOffload(bytes, start)) return 1;
  const virtio = frame - VIRTIO_BYTES;
  const size = readGsoSize(bytes, virtio);
  return readGsoType(bytes, virtio) === GSO_NONE || size === 0 ? 1 : Math.ceil((end - frame) / size);
}
