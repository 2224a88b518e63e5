import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OffloadFaultReason } from "../../../shared/offload/finish.ts";
import { GSO_NONE, GSO_TCPV4, GSO_TCPV6, GSO_UDP, GSO_UDP_L4 } from "../../../shared/offload/virtio.ts";
import { type Anatomy, dissect, findBadChecksums, sumByDefinition } from "./by-definition.ts";
import { edited, faultOf, finished } from "./finished.ts";
import {
  ACK,
  CWR,
  ECE,
  FIN,
  noise,
  PSH,
  plainDatagram,
  plainSpecimen,
  type Specimen,
  superFrames,
} from "./specimens.ts";

/** The super-frame's headers, without the fields that each frame has of its own. */
function sharedHeaders(anatomy: Anatomy, index: number, gsoSize: number): string {
  const { ethernet, version, protocol } = anatomy;
  const ip = Buffer.from(anatomy.ip);
  if (version === 4) {
    ip.writeUInt16BE(0, 2);
    ip.writeUInt16BE((ip.readUInt16BE(4) - index) & 0xffff, 4);
    ip.writeUInt16BE(0, 10);
  } else ip.writeUInt16BE(0, 4);
  const transport = Buffer.from(anatomy.transport);
  if (protocol === "tcp") {
    transport.writeUInt32BE((transport.readUInt32BE(4) - index * gsoSize) >>> 0, 4);
    transport[13] = (transport[13] ?? 0) & ~(FIN | PSH | CWR);
    transport.writeUInt16BE(0, 16);
  } else transport.fill(0, 4, 8);
  return Buffer.concat([ethernet, ip, transport]).toString("hex");
}

const flagsOf = (frame: Uint8Array) => dissect(frame).transport[13] ?? 0;

describe.each(Object.entries(superFrames))("a super-frame of %s", (_, specimens) => {
  it("comes out as frames that make up the original when joined again", () => {
    fc.assert(
      fc.property(specimens, fc.nat(9), (specimen, offset) => {
        const { gsoSize } = specimen.virtio;
        const whole = dissect(specimen.frame);
        const parts = finished(specimen, offset).map(dissect);
        expect(Buffer.concat(parts.map((part) => part.payload)).equals(whole.payload)).toBe(true);
        const last = parts.pop();
        expect(last?.payload.length).toBeLessThanOrEqual(gsoSize);
        for (const part of parts) expect(part.payload.length).toBe(gsoSize);
        const headers = sharedHeaders(whole, 0, gsoSize);
        for (const [index, part] of [...parts, ...(last ? [last] : [])].entries()) {
          expect(part.padding).toHaveLength(0);
          expect(sharedHeaders(part, index, gsoSize)).toBe(headers);
        }
      }),
    );
  });

  it("comes out with checksums that are correct by definition", () => {
    fc.assert(
      fc.property(specimens, (specimen) => {
        for (const frame of finished(specimen)) expect(findBadChecksums(dissect(frame))).toEqual([]);
      }),
    );
  });
});

describe("a TCP super-frame", () => {
  it("has FIN and PSH in its last frame only, CWR in its first only, and other flags in all", () => {
    for (const ecn of [false, true]) {
      const flags = CWR | ECE | ACK | PSH | FIN;
      const frames = finished(plainSpecimen({ flags }, noise(350, 1), { ecn }));
      expect(frames.map(flagsOf)).toEqual([CWR | ECE | ACK, ECE | ACK, ECE | ACK, ECE | ACK | PSH | FIN]);
    }
  });

  it("keeps all flags if it is a single frame", () => {
    const flags = CWR | ECE | ACK | PSH | FIN;
    expect(finished(plainSpecimen({ flags }, noise(100, 1))).map(flagsOf)).toEqual([flags]);
    expect(finished(plainSpecimen({ flags }, noise(0, 1))).map(flagsOf)).toEqual([flags]);
  });

  it("sets no flag that was not set", () => {
    expect(finished(plainSpecimen({ flags: ACK }, noise(250, 1))).map(flagsOf)).toEqual([ACK, ACK, ACK]);
  });

  it("counts sequence numbers and identifications on past their wrap-around", () => {
    const specimen = edited(plainSpecimen({ sequence: 0xffff_ff9c }, noise(300, 1)), (frame) => {
      frame.writeUInt16BE(0xffff, 18);
      frame.writeUInt16BE(0, 24);
      frame.writeUInt16BE(0xffff - sumByDefinition(frame.subarray(14, 34)), 24);
    });
    const parts = finished(specimen).map(dissect);
    expect(parts.map(({ transport }) => transport.readUInt32BE(4))).toEqual([0xffff_ff9c, 0, 100]);
    expect(parts.map(({ ip }) => ip.readUInt16BE(4))).toEqual([0xffff, 0, 1]);
    expect(parts.map(findBadChecksums)).toEqual([[], [], []]);
  });

  it("leaves a damaged IPv4 header recognisable as damaged", () => {
    const damaged = edited(plainSpecimen({}, noise(300, 1)), (frame) => {
      frame[22] = (frame[22] ?? 0) ^ 0x40;
    });
    const parts = finished(damaged).map(dissect);
    expect(parts.map(findBadChecksums)).toEqual([["ipv4"], ["ipv4"], ["ipv4"]]);
  });

  it("may be cut as fine as an MSS of 48 with timestamps asks for", () => {
    const options = Uint8Array.of(1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8);
    expect(finished(plainSpecimen({ options }, noise(60_000, 1), { gsoSize: 36 }))).toHaveLength(1667);
  });
});

describe("a contradictory super-frame", () => {
  const data = noise(1000, 1);
  // Ethernet in [0, 14), IPv4 in [14, 34), then TCP or UDP.
  const tcp = (virtio = {}, edit: (frame: Buffer) => void = () => {}) =>
    edited(plainSpecimen({}, data, virtio), edit);
  const udp = (virtio = {}, edit: (frame: Buffer) => void = () => {}) =>
    edited(plainDatagram(data, virtio), edit);

  it.each<[string, OffloadFaultReason, Specimen]>([
    ["the type of the other version", "gso-mismatch", tcp({ gsoType: GSO_TCPV6 })],
    ["UDP's type on TCP", "gso-mismatch", tcp({ gsoType: GSO_UDP_L4 })],
    ["TCP's type on UDP", "gso-mismatch", udp({ gsoType: GSO_TCPV4 })],
    ["the type of UDP fragmentation", "gso-unknown", udp({ gsoType: GSO_UDP })],
    ["an unknown type", "gso-unknown", tcp({ gsoType: 6 })],
    ["an ECN bit without a type", "gso-unknown", tcp({ gsoType: GSO_NONE, ecn: true })],
    ["no NEEDS_CSUM", "gso-no-csum", tcp({ flags: 0 })],
    ["a gso_size of 0", "gso-no-size", tcp({ gsoSize: 0 })],
    ["a gso_size that multiplies the headers", "gso-too-many", tcp({ gsoSize: 20 })],
    ["csum_start in the IP header", "csum-misplaced", tcp({ csumStart: 33 })],
    ["csum_start in the payload", "csum-misplaced", tcp({ csumStart: 54 })],
    ["csum_start as for a tunnel", "csum-misplaced", udp({ csumStart: 42 })],
    ["csum_offset elsewhere", "csum-misplaced", tcp({ csumOffset: 14 })],
    ["padding", "bad-header", tcp({}, (frame) => frame.writeUInt16BE(1039, 16))],
    ["a TCP header too short", "bad-header", tcp({}, (frame) => frame.writeUInt8(0x40, 46))],
    ["a UDP length of its own", "bad-header", udp({}, (frame) => frame.writeUInt16BE(1007, 38))],
  ])("is refused: %s", (_, reason, specimen) => {
    expect(faultOf(specimen)).toBe(reason);
  });

  it("is refused with a header that is too long for the packet", () => {
    const short = edited(plainSpecimen({}, noise(39, 1)), (frame) => frame.writeUInt8(0xf0, 46));
    expect(faultOf(short)).toBe("bad-header");
    const cut = edited(plainSpecimen({}, noise(0, 1)), (frame) => frame.writeUInt16BE(39, 16));
    expect(faultOf({ ...cut, frame: cut.frame.subarray(0, 53) })).toBe("bad-header");
    const cutUdp = edited(plainDatagram(noise(1, 1)), (frame) => frame.writeUInt16BE(28, 16));
    expect(faultOf({ ...cutUdp, frame: cutUdp.frame.subarray(0, 42) })).toBe("bad-header");
  });

  it("is refused one byte beyond the limit of the finest cut, and not before", () => {
    expect(finished(tcp({ gsoSize: 21 }))).toHaveLength(48);
    expect(faultOf(tcp({ gsoSize: 1 }))).toBe("gso-too-many");
  });
});
