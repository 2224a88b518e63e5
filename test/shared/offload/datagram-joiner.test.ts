import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DatagramJoiner, MAX_DATAGRAMS } from "../../../shared/offload/datagram-joiner.ts";
import {
  DATA_VALID,
  GSO_NONE,
  GSO_UDP_L4,
  hasEcn,
  NEEDS_CSUM,
  readCsumOffset,
  readCsumStart,
  readFlags,
  readGsoSize,
  readGsoType,
  readHdrLen,
  VIRTIO_BYTES,
} from "../../../shared/offload/virtio.ts";
import { dissect, sumByDefinition } from "./by-definition.ts";
import { edited, finished } from "./finished.ts";
import {
  noise,
  place,
  plainDatagram,
  plainSpecimen,
  type Specimen,
  superFrames,
  unsummedFrames,
} from "./specimens.ts";

interface Written extends Specimen {
  readonly frames: number;
  readonly frameBytes: number;
}

/** The output of a joiner for frames that arrive in one turn. */
function joined(specimens: readonly Specimen[]): Written[] {
  const written: Written[] = [];
  const joiner = new DatagramJoiner((bytes, virtio, end, frames, frameBytes) => {
    const header = {
      flags: readFlags(bytes, virtio),
      gsoType: readGsoType(bytes, virtio),
      ecn: hasEcn(bytes, virtio),
      hdrLen: readHdrLen(bytes, virtio),
      gsoSize: readGsoSize(bytes, virtio),
      csumStart: readCsumStart(bytes, virtio),
      csumOffset: readCsumOffset(bytes, virtio),
    };
    written.push({ virtio: header, frame: bytes.slice(virtio + VIRTIO_BYTES, end), frames, frameBytes });
  });
  const placed = specimens.map((specimen, index) => place(specimen, index % 9));
  const before = placed.map(({ bytes }) => bytes.slice());
  for (const { bytes, virtio, end } of placed) joiner.add(bytes, virtio, end);
  joiner.flush();
  joiner.flush();
  for (const [index, { bytes }] of placed.entries()) expect(bytes).toEqual(before[index]);
  return written;
}

/** The frames that a wire would see. */
const onTheWire = (specimens: readonly Specimen[]) =>
  specimens.flatMap((specimen) => finished(specimen)).map((frame) => Buffer.from(frame).toString("hex"));

/** The datagrams of a super-frame, with their checksums left undone as a TAP gives them. */
function datagramsOf(specimen: Specimen): Specimen[] {
  return finished(specimen).map((whole) => unsummed(whole));
}

function unsummed(whole: Uint8Array): Specimen {
  const frame = Buffer.from(whole);
  const { ethernet, ip, pseudoHeader } = dissect(frame);
  const csumStart = ethernet.length + ip.length;
  frame.writeUInt16BE(pseudoHeader, csumStart + 6);
  const virtio = { gsoType: GSO_NONE, ecn: false, hdrLen: 42, gsoSize: 0, csumStart, csumOffset: 6 };
  return { frame, virtio: { flags: NEEDS_CSUM, ...virtio } };
}

/** IPv4 datagrams of one flow with the given payload sizes. */
function flow(
  lengths: readonly number[],
  edit: (frame: Buffer, index: number) => void = () => {},
): Specimen[] {
  return lengths.map((length, index) =>
    editedIpv4(plainDatagram(noise(length, index), { gsoType: GSO_NONE, gsoSize: 0 }), (frame) => {
      frame.writeUInt16BE((0xfffe + index) & 0xffff, 18);
      edit(frame, index);
    }),
  );
}

/** Changes a frame, and corrects its IPv4 checksum. */
function editedIpv4(specimen: Specimen, edit: (frame: Buffer) => void): Specimen {
  return edited(specimen, (frame) => {
    edit(frame);
    frame.writeUInt16BE(0, 24);
    frame.writeUInt16BE(0xffff - sumByDefinition(frame.subarray(14, 34)), 24);
  });
}

const asIs = ({ frame, virtio }: Specimen) => ({ frame: Buffer.from(frame).toString("hex"), virtio });

const framesOf = (written: readonly Written[]) => written.map(({ frames }) => frames);

describe("joined datagrams", () => {
  /** Mostly of one length, so that they are joined. */
  const plainFlows = fc
    .tuple(fc.integer({ min: 2, max: 400 }), fc.array(fc.constantFrom(0, 0, 0, 0, -1, 1), { maxLength: 200 }))
    .map(([length, changes]) => flow(changes.map((change) => length + change)));
  const streams = fc
    .array(
      fc.oneof(
        { weight: 3, arbitrary: plainFlows },
        { weight: 3, arbitrary: superFrames["UDP over IPv4"].map(datagramsOf) },
        { weight: 3, arbitrary: superFrames["UDP over IPv6"].map(datagramsOf) },
        { weight: 1, arbitrary: unsummedFrames.map((specimen) => [specimen]) },
        { weight: 1, arbitrary: superFrames["TCP over IPv4"].map((specimen) => [specimen]) },
      ),
      { maxLength: 4 },
    )
    .map((runs) => runs.flat());

  it("are the same on a wire as unjoined ones, in the same order", () => {
    fc.assert(
      fc.property(streams, (specimens) => {
        const written = joined(specimens);
        expect(onTheWire(written)).toEqual(onTheWire(specimens));
        expect(written.reduce((sum, { frames }) => sum + frames, 0)).toBe(specimens.length);
        const bytes = specimens.reduce((sum, { frame }) => sum + frame.length, 0);
        expect(written.reduce((sum, { frameBytes }) => sum + frameBytes, 0)).toBe(bytes);
      }),
    );
  });

  it("are so too if some of a flow are missing", () => {
    fc.assert(
      fc.property(streams, fc.infiniteStream(fc.boolean()), (specimens, choices) => {
        const some = specimens.filter(() => choices.next().value);
        expect(onTheWire(joined(some))).toEqual(onTheWire(some));
      }),
    );
  });

  it("become one super-frame, the last of which may carry less", () => {
    const [one, ...others] = joined(flow([200, 200, 200, 7]));
    expect(others).toEqual([]);
    expect(one?.frames).toBe(4);
    expect(one?.frameBytes).toBe(4 * 42 + 607);
    expect(one?.virtio).toEqual({
      flags: NEEDS_CSUM,
      gsoType: GSO_UDP_L4,
      ecn: false,
      hdrLen: 42,
      gsoSize: 200,
      csumStart: 34,
      csumOffset: 6,
    });
    expect(dissect(one?.frame ?? new Uint8Array()).payload).toHaveLength(607);
  });

  it("are limited to what every kernel accepts, and to a packet's maximum size", () => {
    expect(framesOf(joined(flow(new Array(150).fill(64))))).toEqual([MAX_DATAGRAMS, MAX_DATAGRAMS, 22]);
    expect(framesOf(joined(flow(new Array(50).fill(1_472))))).toEqual([44, 6]);
  });

  it("may be IPv6 too", () => {
    const whole = fc.sample(
      superFrames["UDP over IPv6"].filter(({ frame, virtio }) => {
        const { ethernet, ip } = dissect(frame);
        return ethernet.length === 14 && ip.length === 40 && frame.length > 62 + 3 * virtio.gsoSize;
      }),
      1,
    );
    const parts = whole.flatMap(datagramsOf);
    const [first] = joined(parts);
    expect(first?.frames).toBe(Math.min(parts.length, MAX_DATAGRAMS));
  });

  it("wait for others only within a turn", () => {
    let written = 0;
    const joiner = new DatagramJoiner((_bytes, _virtio, _end, frames) => {
      written += frames;
    });
    for (const specimen of flow([64, 64])) {
      const { bytes, virtio, end } = place(specimen);
      joiner.add(bytes, virtio, end);
      expect(written).toBe(0);
    }
    joiner.flush();
    expect(written).toBe(2);
  });
});

describe("a datagram is not joined to the previous one", () => {
  const second = (edit: (frame: Buffer) => void) =>
    flow([100, 100], (frame, index) => {
      if (index === 1) edit(frame);
    });
  const alone = (specimens: readonly Specimen[]) => {
    const written = joined(specimens);
    expect(framesOf(written)).toEqual(specimens.map(() => 1));
    expect(written.map(asIs)).toEqual(specimens.map(asIs));
  };

  it.each([
    ["another destination", 0],
    ["another source", 6],
    ["another TOS", 15],
    ["another identification", 19],
    ["a fragment bit", 20],
    ["another TTL", 22],
    ["another sender", 29],
    ["another receiver", 33],
    ["another source port", 35],
    ["another destination port", 37],
    ["another checksum", 41],
  ])("with %s", (_, offset) => {
    alone(
      second((frame) => {
        frame[offset] = (frame[offset] as number) ^ 1;
      }),
    );
  });

  it("that carries more, or follows one that carries less", () => {
    alone(flow([100, 101]));
    expect(framesOf(joined(flow([100, 99, 99])))).toEqual([2, 1]);
  });

  it("that carries nothing", () => {
    alone(flow([100, 0]));
    alone(flow([0, 0]));
  });

  it("whose IPv4 header arrived damaged", () => {
    const [first, other] = flow([100, 100]) as [Specimen, Specimen];
    alone([
      first,
      edited(other, (frame) => {
        frame[24] = (frame[24] as number) ^ 1;
      }),
    ]);
  });

  it("with padding behind it", () => {
    const padded = flow([8, 8]).map(({ frame, virtio }) => ({
      frame: Uint8Array.of(...frame, 0, 0, 0),
      virtio,
    }));
    alone(padded);
  });

  it("whose checksum was computed, or is marked valid", () => {
    alone(flow([100, 100]).map(({ frame, virtio }) => ({ frame, virtio: { ...virtio, flags: 0 } })));
    alone(flow([100, 100]).map(({ frame, virtio }) => ({ frame, virtio: { ...virtio, flags: DATA_VALID } })));
  });

  it("that is a fragment, as both are", () => {
    alone(
      flow([100, 100], (frame) => {
        frame[20] = 0x20;
      }),
    );
  });

  it("that is not a datagram", () => {
    const tcp = plainSpecimen({}, noise(100, 1), { gsoType: GSO_NONE, gsoSize: 0 });
    alone([...flow([100]), tcp, tcp, ...flow([100])]);
    alone([...flow([100]), { frame: new Uint8Array(14), virtio: { ...tcp.virtio, csumOffset: 6 } }]);
  });
});
