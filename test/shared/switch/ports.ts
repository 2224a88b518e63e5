import { ENCAPSULATION_BYTES, encapsulate } from "../../../shared/protocol/record.ts";
import { MacBudget, Port } from "../../../shared/switch/port.ts";
import type { Segment } from "../../../shared/switch/segment.ts";
import { Block } from "../../../shared/tunnel/block.ts";

/** A port that keeps the frames it was given. */
export class KeepingPort extends Port {
  readonly frames: number[][] = [];
  flushes = 0;

  constructor(id: string, macs = new MacBudget(1_000), offload = false) {
    super(id, macs, offload);
  }

  override send({ bytes }: Block, _start: number, frame: number, end: number): void {
    this.frames.push([...bytes.subarray(frame, end)]);
  }

  override flush(): void {
    this.flushes++;
  }
}

export const BROADCAST = 0xffffffffffff;

/** The bytes of a frame with these addresses and one byte of payload. */
export function frameBytes(to: number, from: number, payload = 0): number[] {
  return [...macBytes(to), ...macBytes(from), 0x88, 0xb5, payload];
}

/** Has a frame come in at a port. */
export function receive(segment: Segment, from: Port, frame: readonly number[]): void {
  const bytes = Uint8Array.from([...new Array<number>(ENCAPSULATION_BYTES).fill(0), ...frame]);
  encapsulate(bytes, 0, bytes.length, segment.vni);
  segment.forward(from, new Block(bytes), 0, ENCAPSULATION_BYTES, bytes.length);
}

function macBytes(mac: number): number[] {
  return [40, 32, 24, 16, 8, 0].map((shift) => Math.floor(mac / 2 ** shift) % 256);
}
