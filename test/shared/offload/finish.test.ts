import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { finish, OffloadFault, RECORD_HEADROOM } from "../../../shared/offload/finish.ts";
import { MAX_EXPANSION } from "../../../shared/offload/super-frame.ts";
import { GSO_NONE, VIRTIO_BYTES } from "../../../shared/offload/virtio.ts";
import { expectToKeepWithinBounds } from "../frame/bounds.ts";
import { plainFrames } from "../frame/specimens.ts";
import { dissect, findBadChecksums, sumByDefinition } from "./by-definition.ts";
import { edited, faultOf, finished } from "./finished.ts";
import {
  ACK,
  noise,
  PSH,
  place,
  plainDatagram,
  plainSpecimen,
  smallSuperFrames,
  unsummedFrames,
} from "./specimens.ts";

describe("a frame with only its checksum left to do", () => {
  it("gets it, correct by definition, ignoring padding, and is otherwise unchanged", () => {
    fc.assert(
      fc.property(unsummedFrames, fc.nat(9), (specimen, offset) => {
        const [frame = new Uint8Array(0), ...more] = finished(specimen, offset);
        expect(more).toEqual([]);
        expect(findBadChecksums(dissect(frame))).toEqual([]);
        const { csumStart, csumOffset } = specimen.virtio;
        const field = csumStart + csumOffset;
        const restored = Buffer.from(frame);
        restored.set(specimen.frame.subarray(field, field + 2), field);
        expect(restored.equals(specimen.frame)).toBe(true);
      }),
    );
  });

  it("may have it in a packet inside a tunnel, as Linux 6.17 and later leave it", () => {
    const inner = plainSpecimen({ flags: ACK | PSH }, noise(301, 1));
    const vxlan = Uint8Array.of(8, 0, 0, 0, 0, 0, 5, 0, ...inner.frame);
    const csumStart = 42 + 8 + inner.virtio.csumStart;
    const tunnelled = edited(
      plainDatagram(vxlan, { gsoType: GSO_NONE, csumStart, csumOffset: 16 }),
      // The outer header has no checksum, as in VXLAN.
      (frame) => frame.writeUInt16BE(0, 40),
    );
    const [frame = new Uint8Array(0)] = finished(tunnelled);
    expect([...frame.subarray(0, 50)]).toEqual([...tunnelled.frame.subarray(0, 50)]);
    expect(findBadChecksums(dissect(frame.subarray(50)))).toEqual([]);
  });

  it("may be GRE with a checksum", () => {
    const gre = Uint8Array.of(0x80, 0, 0x65, 0x58, 0, 0, 0, 0, ...noise(77, 1));
    const specimen = edited(plainDatagram(gre.subarray(8), { gsoType: GSO_NONE, csumOffset: 4 }), (frame) => {
      frame.set(gre, 34);
      frame[23] = 47;
    });
    const [frame = new Uint8Array(0)] = finished(specimen);
    expect(sumByDefinition(frame.subarray(34))).toBe(0xffff);
    expect([...frame.with(38, 0).with(39, 0)]).toEqual([...specimen.frame]);
  });

  it("is refused if that checksum is impossible", () => {
    const specimen = plainDatagram(noise(20, 1), { gsoType: GSO_NONE, csumOffset: 0 });
    expect(faultOf(specimen)).toBe("csum-misplaced");
    expect(faultOf(edited(specimen, (frame) => frame.writeUInt16BE(0x2000, 20)))).toBe("fragment");
  });
});

describe("a UDP checksum that comes to 0", () => {
  /** Payload whose last two bytes make the checksum of the last datagram 0. */
  function cancelling(gsoSize: number): Uint8Array {
    const data = noise(300, 1);
    data.fill(0, -2);
    const last = finished(plainDatagram(data, { gsoSize })).at(-1) ?? new Uint8Array(0);
    data.set(last.subarray(40, 42), 298);
    return data;
  }

  it.each([
    ["in a datagram", plainDatagram(cancelling(300), { gsoType: GSO_NONE })],
    ["in one that a super-frame was cut into", plainDatagram(cancelling(100), { gsoSize: 100 })],
  ])("is sent as 0xffff, because 0 would mean none: %s", (_, specimen) => {
    const frames = finished(specimen).map(dissect);
    expect(frames.at(-1)?.transport.readUInt16BE(6)).toBe(0xffff);
    expect(frames.flatMap(findBadChecksums)).toEqual([]);
  });
});

describe("a frame without work left", () => {
  it("is copied unchanged", () => {
    fc.assert(
      fc.property(fc.oneof(...Object.values(plainFrames)), fc.nat(0xffff), (frame, leftover) => {
        const virtio = {
          ...{ flags: 2, gsoType: 0, ecn: false, hdrLen: leftover },
          ...{ gsoSize: leftover, csumStart: leftover, csumOffset: leftover },
        };
        expect(finished({ frame, virtio })).toEqual([frame]);
      }),
    );
  });
});

describe("untrusted bytes", () => {
  /** A header and a frame with random changes, mostly where they matter. */
  const tampered = fc
    .tuple(
      smallSuperFrames,
      fc.array(fc.tuple(fc.nat(130), fc.nat(255)), { maxLength: 3 }),
      fc.array(fc.tuple(fc.nat(VIRTIO_BYTES - 1), fc.nat(255)), { maxLength: 2 }),
    )
    .map(([specimen, inFrame, inVirtio]) => {
      const { bytes, end } = place(specimen, 0);
      for (const [at, byte] of [...inVirtio, ...inFrame]) bytes[at % end] = byte;
      return bytes.subarray(0, end);
    });

  it("are read only within their range, and never make it throw", () => {
    expectToKeepWithinBounds(
      (bytes, start, end) => finish(bytes, start, start + VIRTIO_BYTES, end),
      tampered,
    );
  });

  it("come to no more than a few times as much, in consecutive frames", () => {
    const any = fc.oneof(tampered, fc.uint8Array({ minLength: VIRTIO_BYTES, maxLength: 200 }));
    fc.assert(
      fc.property(any, (bytes) => {
        const result = finish(bytes, 0, VIRTIO_BYTES, bytes.length);
        if (result instanceof OffloadFault) return;
        expect(result.bytes.length).toBeLessThanOrEqual(MAX_EXPANSION * (bytes.length - VIRTIO_BYTES));
        let at = 0;
        for (let index = 0; index < result.count; index++) {
          expect(result.frameAt(index)).toBe(at + RECORD_HEADROOM);
          at = result.endAt(index);
          expect(at - result.frameAt(index)).toBeGreaterThanOrEqual(14);
        }
        expect(at).toBe(result.bytes.length);
      }),
      { numRuns: 1000 },
    );
  });

  it("are refused wherever they are truncated", () => {
    const { bytes, virtio, frame, end } = place(plainSpecimen({}, noise(100, 1)));
    for (let short = frame; short < end; short++) {
      expect(finish(bytes, virtio, frame, short)).toEqual(new OffloadFault("truncated"));
    }
  });

  it("are refused for invalid ranges", () => {
    const { bytes, virtio, frame, end } = place(plainSpecimen({}, noise(100, 1)), 0);
    const size = bytes.length;
    const ranges = [
      [-1, frame, end],
      [virtio + 1, frame, end],
      [virtio, frame, size + 1],
      [virtio, end, frame],
      [virtio, size, size],
      [virtio, size + 20, size + 40],
      [Number.NaN, frame, end],
      [virtio, Number.NaN, end],
      [virtio, frame, Number.NaN],
    ] as const;
    for (const [from, middle, to] of ranges) {
      const result = finish(bytes, from, middle, to);
      expect(result, `${from}, ${middle}, ${to}`).toEqual(new OffloadFault("truncated"));
    }
  });
});
