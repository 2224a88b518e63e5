import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DATA_VALID,
  GSO_NONE,
  GSO_TCPV4,
  GSO_UDP_L4,
  hasEcn,
  hasWork,
  NEEDS_CSUM,
  needsCsum,
  readCsumOffset,
  readCsumStart,
  readFlags,
  readGsoSize,
  readGsoType,
  readHdrLen,
  VIRTIO_BYTES,
  type VirtioHeader,
  writeVirtio,
} from "../../../shared/offload/virtio.ts";

const uint16 = fc.nat(0xffff);
const header: fc.Arbitrary<VirtioHeader> = fc.record({
  flags: fc.nat(0xff),
  gsoType: fc.nat(0x7f),
  ecn: fc.boolean(),
  hdrLen: uint16,
  gsoSize: uint16,
  csumStart: uint16,
  csumOffset: uint16,
});

function readVirtio(bytes: Uint8Array, virtio: number): VirtioHeader {
  return {
    flags: readFlags(bytes, virtio),
    gsoType: readGsoType(bytes, virtio),
    ecn: hasEcn(bytes, virtio),
    hdrLen: readHdrLen(bytes, virtio),
    gsoSize: readGsoSize(bytes, virtio),
    csumStart: readCsumStart(bytes, virtio),
    csumOffset: readCsumOffset(bytes, virtio),
  };
}

describe("the virtio-net header", () => {
  it("is read as Linux 6.18 wrote it before a TCP super-frame", () => {
    const bytes = Uint8Array.from(Buffer.from("01014200a80522001000", "hex"));
    expect(readVirtio(bytes, 0)).toEqual({
      flags: NEEDS_CSUM,
      gsoType: GSO_TCPV4,
      ecn: false,
      hdrLen: 14 + 20 + 32,
      gsoSize: 1448,
      csumStart: 14 + 20,
      csumOffset: 16,
    });
  });

  it("survives a round trip, and no byte beside it changes", () => {
    fc.assert(
      fc.property(header, fc.nat(20), (fields, offset) => {
        const bytes = new Uint8Array(40).fill(0xa5);
        expect(writeVirtio(bytes, offset, fields)).toBe(offset + VIRTIO_BYTES);
        expect(readVirtio(bytes, offset)).toEqual(fields);
        const outside = [...bytes.subarray(0, offset), ...bytes.subarray(offset + VIRTIO_BYTES)];
        expect(outside.every((byte) => byte === 0xa5)).toBe(true);
      }),
    );
  });

  it("is all zeros without work, whatever was there before", () => {
    const bytes = new Uint8Array(VIRTIO_BYTES).fill(0xff);
    writeVirtio(bytes, 0);
    expect(bytes).toEqual(new Uint8Array(VIRTIO_BYTES));
    expect(hasWork(bytes, 0)).toBe(false);
  });

  it("is not written if it does not fit, or with a field out of range", () => {
    const bytes = new Uint8Array(VIRTIO_BYTES);
    expect(writeVirtio(bytes, 1)).toBeUndefined();
    expect(writeVirtio(bytes, 0, { flags: 0x100 })).toBeUndefined();
    expect(writeVirtio(bytes, 0, { gsoType: 0x80 })).toBeUndefined();
    expect(writeVirtio(bytes, 0, { hdrLen: 0x1_0000 })).toBeUndefined();
    expect(writeVirtio(bytes, 0, { gsoSize: 0x1_0000 })).toBeUndefined();
    expect(writeVirtio(bytes, 0, { csumStart: -1 })).toBeUndefined();
    expect(writeVirtio(bytes, 0, { csumOffset: 0.5 })).toBeUndefined();
    expect(bytes).toEqual(new Uint8Array(VIRTIO_BYTES));
  });

  it.each<[string, Partial<VirtioHeader>, boolean]>([
    ["nothing", {}, false],
    ["a checksum found right", { flags: DATA_VALID }, false],
    ["leftovers in fields that no flag makes valid", { gsoSize: 1448, csumStart: 34, csumOffset: 16 }, false],
    ["a checksum to be completed", { flags: NEEDS_CSUM }, true],
    ["a super-frame", { gsoType: GSO_UDP_L4 }, true],
    ["an ECN bit that belongs to no type", { gsoType: GSO_NONE, ecn: true }, true],
  ])("says whether there is work left: %s", (_, fields, expected) => {
    const bytes = new Uint8Array(VIRTIO_BYTES);
    writeVirtio(bytes, 0, fields);
    expect(hasWork(bytes, 0)).toBe(expected);
    expect(needsCsum(bytes, 0)).toBe(fields.flags === NEEDS_CSUM);
  });
});
