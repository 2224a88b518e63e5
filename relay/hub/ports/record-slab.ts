import { writeUndone } from "../../../shared/offload/complete-checksum.ts";
import { VIRTIO_BYTES } from "../../../shared/offload/virtio.ts";
import {
  ENCAPSULATION_BYTES,
  encapsulate,
  OFFLOAD_BYTES,
  RECORD_OFFLOAD,
} from "../../../shared/protocol/record.ts";
import { Block } from "../../../shared/tunnel/block.ts";

const SLAB_BYTES = 64 * 1024;

/**
 * Makes records of frames that arrive without headroom. It copies them one behind the other, so records that go the
 * same way leave as one range. It never rewrites filled memory, so the garbage collector may take it.
 */
export class RecordSlab {
  block = new Block(new Uint8Array(0));
  /** Offsets of the last record, of its frame, and of the end of both. */
  start = 0;
  frame = 0;
  end = 0;

  /** Makes a record of `bytes[frame, end)`, at {@link start}, {@link frame} and {@link end}. */
  add(bytes: Uint8Array, frame: number, end: number, vni: number): void {
    this.#place(bytes, frame, end, ENCAPSULATION_BYTES);
    encapsulate(this.block.bytes, this.start, this.end, vni);
  }

  /**
   * Makes a record of type 2, of a frame with work left to do.
   *
   * @param segment offset of its TCP or UDP header, whose checksum is undone
   * @param frameBytes maximum size of a frame
   */
  addUndone(
    bytes: Uint8Array,
    frame: number,
    end: number,
    vni: number,
    segment: number,
    frameBytes: number,
  ): void {
    this.#place(bytes, frame, end, OFFLOAD_BYTES);
    encapsulate(this.block.bytes, this.start, this.end, vni, RECORD_OFFLOAD);
    const at = this.frame - VIRTIO_BYTES;
    writeUndone(this.block.bytes, at, this.frame, this.end, this.frame + segment - frame, frameBytes);
  }

  #place(bytes: Uint8Array, frame: number, end: number, headroom: number): void {
    const size = headroom + end - frame;
    if (this.end + size > this.block.bytes.length) {
      this.block = new Block(new Uint8Array(Math.max(SLAB_BYTES, size)));
      this.end = 0;
    }
    this.start = this.end;
    this.frame = this.start + headroom;
    this.end = this.start + size;
    this.block.bytes.set(bytes.subarray(frame, end), this.frame);
  }
}
