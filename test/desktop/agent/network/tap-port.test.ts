import { describe, expect, it } from "vitest";
import { TapPort } from "../../../../desktop/agent/network/tap-port.ts";
import { MemoryTap } from "../../../../desktop/agent/tap/memory.ts";
import { GSO_NONE, GSO_UDP_L4, readGsoType } from "../../../../shared/offload/virtio.ts";
import { encapsulate, OFFLOAD_BYTES, RECORD_OFFLOAD } from "../../../../shared/protocol/record.ts";
import { Segment } from "../../../../shared/switch/segment.ts";
import { Block } from "../../../../shared/tunnel/block.ts";
import { noise, place, plainDatagram, type Specimen } from "../../../shared/offload/specimens.ts";
import { watched } from "../../../shared/tunnel/blocks.ts";

const VNI = 7;

/** Returns consecutive datagrams of 64 bytes. */
function datagrams(count: number): Specimen[] {
  return Array.from({ length: count }, (_, index) => {
    const { frame, virtio } = plainDatagram(noise(64, index), { gsoType: GSO_NONE, gsoSize: 0 });
    const bytes = Buffer.from(frame);
    // The identification counts up, and its checksum down.
    bytes.writeUInt16BE(7 + index, 18);
    bytes.writeUInt16BE(bytes.readUInt16BE(24) - index, 24);
    return { frame: bytes, virtio };
  });
}

function send(port: TapPort, specimen: Specimen): void {
  const headroom = OFFLOAD_BYTES;
  const { bytes, frame, end } = place(specimen, headroom);
  encapsulate(bytes, frame - headroom, end, VNI, RECORD_OFFLOAD);
  port.send(new Block(bytes), frame - headroom, frame, end);
}

function portOf(tap: MemoryTap): TapPort {
  return new TapPort(new Segment(VNI, () => 0), tap, () => {});
}

describe("a TAP's port", () => {
  it("writes the datagrams of a batch as one super-frame, and counts each", () => {
    const types: number[] = [];
    const tap = new MemoryTap({
      offload: true,
      written: (_, virtio) => types.push(readGsoType(virtio as Uint8Array, 0)),
    });
    const port = portOf(tap);
    for (const specimen of datagrams(5)) send(port, specimen);
    expect(types).toEqual([]);
    port.flush();
    expect(types).toEqual([GSO_UDP_L4]);
    expect(port.txFrames).toBe(5);
    expect(port.txBytes).toBe(5 * (42 + 64));
  });

  it("keeps the order of frames while a datagram waits", () => {
    const lengths: number[] = [];
    const tap = new MemoryTap({ offload: true, written: (frame) => lengths.push(frame.length) });
    const port = portOf(tap);
    const [first, second, third] = datagrams(3) as [Specimen, Specimen, Specimen];
    send(port, first);
    send(port, second);
    port.send(new Block(new Uint8Array(12 + 60)), 0, 12, 12 + 60);
    send(port, third);
    port.flush();
    expect(lengths).toEqual([42 + 128, 60, 42 + 64]);
  });

  it("keeps only the block of a waiting datagram", () => {
    const port = portOf(new MemoryTap({ offload: true }));
    const free: number[] = [];
    for (const [i, specimen] of datagrams(3).entries()) {
      const { bytes, frame, end } = place(specimen, OFFLOAD_BYTES);
      encapsulate(bytes, frame - OFFLOAD_BYTES, end, VNI, RECORD_OFFLOAD);
      const block = watched(bytes, () => free.push(i));
      port.send(block, frame - OFFLOAD_BYTES, frame, end);
      block.release();
    }
    expect(free).toEqual([0, 1]);
    port.flush();
    expect(free).toEqual([0, 1, 2]);
  });

  it("counts each datagram of a super-frame that the TAP refuses", () => {
    const tap = new MemoryTap({ offload: true });
    tap.up = false;
    const port = portOf(tap);
    for (const specimen of datagrams(3)) send(port, specimen);
    port.flush();
    expect(port.drops.of("tap-refused")).toBe(3);
    expect(port.txFrames).toBe(0);
  });
});
