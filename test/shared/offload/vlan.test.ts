import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { written } from "../../../shared/frame/bytes.ts";
import { classifyVlan, countTags, MAX_VLAN } from "../../../shared/frame/vlan.ts";
import {
  NEEDS_CSUM,
  readCsumStart,
  readHdrLen,
  VIRTIO_BYTES,
  writeVirtio,
} from "../../../shared/offload/virtio.ts";
import {
  copyWithVlanOffload,
  insertVlanOffload,
  stripVlanOffload,
  untag as takeOff,
} from "../../../shared/offload/vlan.ts";
import { finished } from "./finished.ts";
import {
  type Placed,
  place,
  plainSpecimen,
  type Specimen,
  smallSuperFrames,
  unsummedFrames,
} from "./specimens.ts";

const vlan = fc.integer({ min: 1, max: MAX_VLAN });
const specimens = fc.oneof(smallSuperFrames, unsummedFrames);

/** The specimen behind the header at `virtio`, ready to be finished. */
function taken({ bytes }: Placed, frame: number, end: number): Specimen {
  return {
    frame: bytes.slice(frame, end),
    virtio: {
      flags: bytes[frame - 10] ?? 0,
      gsoType: (bytes[frame - 9] ?? 0) & 0x7f,
      ecn: ((bytes[frame - 9] ?? 0) & 0x80) !== 0,
      hdrLen: little(bytes, frame - 8),
      gsoSize: little(bytes, frame - 6),
      csumStart: little(bytes, frame - 4),
      csumOffset: little(bytes, frame - 2),
    },
  };
}

function little(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) + (bytes[at + 1] ?? 0) * 256;
}

const untag = (frame: Uint8Array) => Uint8Array.of(...frame.subarray(0, 12), ...frame.subarray(16));

describe("a VLAN tag of a super-frame", () => {
  it("inserted before cutting is in every resulting frame, which are otherwise the same", () => {
    fc.assert(
      fc.property(specimens, vlan, fc.integer({ min: 4, max: 40 }), (specimen, id, offset) => {
        const plain = finished(specimen);
        const placed = place(specimen, offset);
        const tagged = written(insertVlanOffload(placed.bytes, placed.frame, id));
        expect(tagged).toBe(placed.frame - 4);
        const frames = finished(taken(placed, tagged, placed.end));
        for (const frame of frames) expect(classifyVlan(frame, 0, frame.length)).toBe(id);
        expect(frames.map(untag)).toEqual(plain);
      }),
    );
  });

  it("inserted before comes off again, and leaves frame and header as they were", () => {
    fc.assert(
      fc.property(specimens, vlan, fc.integer({ min: 4, max: 40 }), (specimen, id, offset) => {
        // The hint is no more than the frame, as a kernel demands.
        const hdrLen = Math.min(specimen.virtio.hdrLen, specimen.frame.length);
        const { bytes, virtio, frame, end } = place(
          { ...specimen, virtio: { ...specimen.virtio, hdrLen } },
          offset,
        );
        const before = bytes.slice();
        expect(stripVlanOffload(bytes, written(insertVlanOffload(bytes, frame, id)), end)).toBe(frame);
        const hint = readHdrLen(bytes, virtio);
        expect(hint).toBeGreaterThanOrEqual(hdrLen);
        expect(hint).toBeLessThanOrEqual(Math.min(hdrLen + 4, end - frame));
        bytes.set(before.subarray(virtio + 2, virtio + 4), virtio + 2);
        expect(bytes.subarray(virtio)).toEqual(before.subarray(virtio));
        expect(bytes.subarray(0, virtio - 4)).toEqual(before.subarray(0, virtio - 4));
      }),
    );
  });

  it("comes off with all the others at once, and the frame is finished as without them", () => {
    fc.assert(
      fc.property(specimens, (specimen) => {
        const placed = place(specimen);
        const { bytes, frame, end } = placed;
        const tags = countTags(bytes, frame, end);
        const stripped = stripVlanOffload(bytes, frame, end, tags);
        expect(stripped).toBe(frame + 4 * tags);
        const without = (one: Uint8Array) =>
          Uint8Array.of(...one.subarray(0, 12), ...one.subarray(12 + 4 * tags));
        expect(finished(taken(placed, stripped, end))).toEqual(finished(specimen).map(without));
      }),
    );
  });

  it("is the same in a copy as in place, and the original is unchanged", () => {
    fc.assert(
      fc.property(specimens, vlan, fc.nat(9), (specimen, id, at) => {
        const { bytes, virtio, frame, end } = place(specimen);
        const before = bytes.slice();
        const into = new Uint8Array(at + VIRTIO_BYTES + 4 + end - frame).fill(0xa5);
        expect(copyWithVlanOffload(bytes, frame, end, id, into, at)).toBe(into.length);
        expect(bytes).toEqual(before);
        insertVlanOffload(bytes, frame, id);
        expect(into.subarray(at)).toEqual(bytes.subarray(virtio - 4, end));
        expect(into.subarray(0, at).every((byte) => byte === 0xa5)).toBe(true);
      }),
    );
  });

  it("is not inserted without room for it, not even in part", () => {
    const { bytes, frame } = place(plainSpecimen({}, new Uint8Array(10)), 3);
    const before = bytes.slice();
    expect(insertVlanOffload(bytes, frame, 10)).toBeUndefined();
    expect(bytes).toEqual(before);
  });
});

describe("a virtio-net header beside a VLAN tag", () => {
  const frame = new Uint8Array(80);

  it("keeps fields that no flag makes valid, and a hint of 0", () => {
    const specimen = {
      frame,
      virtio: { ...plainSpecimen({}, frame).virtio, flags: 0, csumStart: 34, hdrLen: 0 },
    };
    const { bytes, virtio, frame: at, end } = place(specimen);
    const before = bytes.slice(virtio, at);
    const tagged = written(insertVlanOffload(bytes, at, 10));
    expect(bytes.slice(tagged - VIRTIO_BYTES, tagged)).toEqual(before);
    stripVlanOffload(bytes, tagged, end);
    expect(bytes.slice(virtio, at)).toEqual(before);
  });

  it.each([
    [0, 0],
    [3, 0],
    [4, 0],
    [38, 34],
    [65_535, 65_531],
  ])("never moves the start of the checksum by more than a tag back: %d", (csumStart, expected) => {
    const bytes = new Uint8Array(VIRTIO_BYTES + 80);
    writeVirtio(bytes, 0, { flags: NEEDS_CSUM, csumStart, csumOffset: 16 });
    const stripped = stripVlanOffload(bytes, VIRTIO_BYTES, bytes.length);
    expect(readCsumStart(bytes, stripped - VIRTIO_BYTES)).toBe(expected);
  });

  it.each([
    [34, 38],
    [65_531, 65_535],
    [65_532, 65_535],
  ])("nor by more than a tag forward, except for the last values: %d", (csumStart, expected) => {
    const bytes = new Uint8Array(4 + VIRTIO_BYTES + 80);
    writeVirtio(bytes, 4, { flags: NEEDS_CSUM, csumStart, csumOffset: 16 });
    const tagged = written(insertVlanOffload(bytes, 4 + VIRTIO_BYTES, 10));
    expect(readCsumStart(bytes, tagged - VIRTIO_BYTES)).toBe(expected);
  });
});

describe("an untagged frame", () => {
  const tagged = (length: number) =>
    Uint8Array.from({ length }, (_, i) => ([0x81, 0x00, 0x00, 0x00][i - 12] ?? i + 1) & 0xff);

  it.each([
    ["as long as a wire's shortest", 60, 60],
    ["a little longer", 63, 63],
    ["so long that it needs no padding", 64, 60],
    ["shorter than a wire's, as a kernel gives it", 46, 42],
  ])("is fit for a wire if it was before: %s", (_what, before, after) => {
    for (const isOffload of [false, true]) {
      const frame = tagged(before);
      const bytes = new Uint8Array(20 + before);
      writeVirtio(bytes, 10, {
        flags: NEEDS_CSUM,
        gsoType: 0,
        hdrLen: 0,
        gsoSize: 0,
        csumStart: 38,
        csumOffset: 6,
      });
      bytes.set(frame, 20);
      const at = takeOff(bytes, 20, bytes.length, isOffload);
      const bare = bytes.slice(at);
      expect(bare.length).toBe(after);
      const content = untag(frame);
      expect([...bare]).toEqual([...content, ...new Uint8Array(after - content.length)]);
      if (isOffload) expect(readCsumStart(bytes, at - VIRTIO_BYTES)).toBe(34);
    }
  });
});
