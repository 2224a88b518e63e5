import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readUint16, writeUint16, written } from "../../../shared/frame/bytes.ts";
import { sumPseudoHeader } from "../../../shared/frame/checksum.ts";
import { encodeEthernet } from "../../../shared/frame/ethernet.ts";
import { encodeIpv4 } from "../../../shared/frame/ip/ipv4.ts";
import { encodeIpv6 } from "../../../shared/frame/ip/ipv6.ts";
import { encodeUdp, isUdpIntact, sealUdp } from "../../../shared/frame/ip/udp.ts";
import { completeChecksum, findUndone, writeUndone } from "../../../shared/offload/complete-checksum.ts";
import {
  hasEcn,
  readCsumOffset,
  readCsumStart,
  readFlags,
  readGsoSize,
  readGsoType,
  readHdrLen,
  VIRTIO_BYTES,
} from "../../../shared/offload/virtio.ts";
import { vlanTag } from "../frame/arbitraries.ts";
import { hostileBytes } from "../frame/bounds.ts";
import { finished } from "./finished.ts";
import { plainSpecimen, type Specimen, superFrames, unsummedFrames } from "./specimens.ts";

const SOURCES = { 4: 0x0a290001, 6: 0xfd00n << 112n } as const;
const TARGETS = { 4: 0x0a290002, 6: (0xfd00n << 112n) + 2n } as const;

interface Shape {
  readonly version: 4 | 6;
  readonly tags: readonly { tpid: number; priority: number; dropEligible: boolean; vlan: number }[];
  readonly data: Uint8Array;
  readonly padding: number;
}

const shape: fc.Arbitrary<Shape> = fc.record({
  version: fc.constantFrom(4 as const, 6 as const),
  tags: fc.array(vlanTag, { maxLength: 2 }),
  data: fc.uint8Array({ maxLength: 60 }),
  padding: fc.nat(20),
});

/** A frame with a valid datagram, and where that begins and ends. */
function sealed({ version, tags, data, padding }: Shape): { frame: Uint8Array; udp: number; end: number } {
  const frame = new Uint8Array(200);
  const at = written(
    encodeEthernet(frame, 0, {
      destination: 2,
      source: 4,
      tags,
      etherType: version === 4 ? 0x0800 : 0x86dd,
    }),
  );
  const payloadLength = 8 + data.length;
  const udp =
    version === 4
      ? written(
          encodeIpv4(frame, at, { protocol: 17, source: SOURCES[4], destination: TARGETS[4], payloadLength }),
        )
      : written(
          encodeIpv6(frame, at, {
            nextHeader: 17,
            source: SOURCES[6],
            destination: TARGETS[6],
            payloadLength,
          }),
        );
  const fields = { sourcePort: 1, destinationPort: 2, payloadLength: data.length };
  frame.set(data, encodeUdp(frame, udp, fields));
  const end = written(sealUdp(frame, udp, SOURCES[version], TARGETS[version]));
  return { frame: frame.slice(0, end + padding), udp, end };
}

describe("a checksum left to the network card", () => {
  it("is completed, and equals the sender's own", () => {
    fc.assert(
      fc.property(shape, (of) => {
        const { frame, udp, end } = sealed(of);
        const undone = frame.slice();
        writeUint16(
          undone,
          udp + 6,
          sumPseudoHeader(SOURCES[of.version], TARGETS[of.version], 17, end - udp),
        );
        expect(completeChecksum(undone, 0, undone.length)).toBe(true);
        expect(undone).toEqual(frame);
        expect(isUdpIntact(undone, udp, end, SOURCES[of.version], TARGETS[of.version])).toBe(true);
      }),
    );
  });

  it("is left alone if it is right, wrong in another way, or absent", () => {
    fc.assert(
      fc.property(shape, fc.integer({ min: 0, max: 0xffff }), (of, other) => {
        const { frame, udp, end } = sealed(of);
        const pseudo = sumPseudoHeader(SOURCES[of.version], TARGETS[of.version], 17, end - udp);
        for (const said of [readUint16(frame, udp + 6), other === pseudo ? 0 : other, 0]) {
          writeUint16(frame, udp + 6, said);
          const before = frame.slice();
          completeChecksum(frame, 0, frame.length);
          expect(frame).toEqual(before);
        }
      }),
    );
  });

  it("is not looked for in a fragment", () => {
    const { frame, udp, end } = sealed({ version: 4, tags: [], data: new Uint8Array(10), padding: 0 });
    writeUint16(frame, udp + 6, sumPseudoHeader(SOURCES[4], TARGETS[4], 17, end - udp));
    frame[20] = 0x20;
    expect(completeChecksum(frame, 0, frame.length)).toBe(false);
  });

  it("is found within a frame or not at all, whatever the bytes", () => {
    fc.assert(
      fc.property(hostileBytes(shape.map((of) => sealed(of).frame)), (bytes) => {
        const padded = Uint8Array.of(...bytes, 7, 7, 7, 7);
        completeChecksum(padded, 0, bytes.length);
        expect([...padded.subarray(bytes.length)]).toEqual([7, 7, 7, 7]);
      }),
    );
  });
});

describe("undone work", () => {
  /** The specimen with our header for it; undefined if nothing undone is found. */
  function described(frame: Uint8Array, frameBytes: number): Specimen | undefined {
    const segment = findUndone(frame, 0, frame.length);
    if (segment < 0) return undefined;
    const bytes = Uint8Array.of(...new Uint8Array(VIRTIO_BYTES), ...frame);
    writeUndone(bytes, 0, VIRTIO_BYTES, bytes.length, segment + VIRTIO_BYTES, frameBytes);
    const virtio = {
      flags: readFlags(bytes, 0),
      gsoType: readGsoType(bytes, 0),
      ecn: hasEcn(bytes, 0),
      hdrLen: readHdrLen(bytes, 0),
      gsoSize: readGsoSize(bytes, 0),
      csumStart: readCsumStart(bytes, 0),
      csumOffset: readCsumOffset(bytes, 0),
    };
    return { frame, virtio };
  }

  it.each([superFrames["TCP over IPv4"], superFrames["TCP over IPv6"]])(
    "of a TCP super-frame is described so that it is cut as by the system's own header",
    (arbitrary) => {
      let found = 0;
      fc.assert(
        fc.property(arbitrary, (specimen) => {
          const { gsoSize, csumStart } = specimen.virtio;
          const header = csumStart + ((specimen.frame[csumStart + 12] ?? 0) >>> 4) * 4;
          const own = described(specimen.frame, header + gsoSize);
          if (own === undefined) return;
          found++;
          expect(finished(own)).toEqual(finished(specimen));
        }),
      );
      // Extension headers are not skipped here.
      expect(found).toBeGreaterThan(10);
    },
  );

  it("of a checksum alone is described so that the result equals ours", () => {
    fc.assert(
      fc.property(unsummedFrames, (specimen) => {
        const own = described(specimen.frame, 65_550);
        const frame = specimen.frame.slice();
        expect(completeChecksum(frame, 0, frame.length)).toBe(own !== undefined);
        if (own !== undefined) expect(finished(own)).toEqual([frame]);
      }),
    );
  });

  it("is not a super-frame with padding behind it", () => {
    const { frame } = plainSpecimen({}, new Uint8Array(3_000));
    expect(described(frame, 1_514)?.virtio.gsoType).toBe(1);
    const padded = Uint8Array.of(...frame, 0);
    expect(described(padded, 1_514)?.virtio.gsoType).toBe(0);
  });
});
