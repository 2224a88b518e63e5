import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BlockReader } from "../../../shared/capture/block-reader.ts";
import {
  emptyBlock,
  encodeText,
  interfaceDescription,
  interfaceStatistics,
  packetBytes,
  sectionHeader,
  writePacket,
} from "../../../shared/capture/pcapng.ts";
import { readPcapng } from "./read-pcapng.ts";

const STATISTICS = interfaceStatistics({ interfaceId: 0, startedAt: 0, endedAt: 1, received: 8, lost: 5 });

/** A frame of `size` bytes. */
function packet(size: number, lost = 0): Uint8Array {
  const note = { interfaceId: 0, at: 1, direction: "inbound", comment: encodeText("x"), lost } as const;
  const block = new Uint8Array(packetBytes(size, note));
  writePacket(block, 0, note, new Uint8Array(size), 0, size);
  return block;
}

const FILE = Buffer.concat([
  sectionHeader("test"),
  interfaceDescription("in", "inbound"),
  packet(60),
  packet(61, 3),
  emptyBlock(),
  packet(262_144),
]);

describe("a block reader", () => {
  it("passes everything on in whole blocks, however the stream is cut", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(FILE.length), { maxLength: 8 }), (cuts) => {
        const reader = new BlockReader();
        const bounds = [0, ...cuts.sort((a, b) => a - b), FILE.length];
        const passed = bounds.slice(1).map((end, i) => {
          const whole = reader.read(FILE.subarray(bounds[i], end));
          if (whole === undefined) throw new Error("it was not taken for pcapng");
          return Buffer.from(whole);
        });
        expect(Buffer.concat(passed).equals(FILE)).toBe(true);
        expect(reader).toMatchObject({ frames: 3, bytes: FILE.length, lost: 3, partial: false });
      }),
      { numRuns: 50 },
    );
  });

  it("passes on a readable file, wherever the stream breaks off", () => {
    fc.assert(
      fc.property(fc.nat(FILE.length), (end) => {
        const reader = new BlockReader();
        const whole = reader.read(FILE.subarray(0, end)) ?? new Uint8Array();
        expect(reader.partial).toBe(whole.length < end);
        if (whole.length > 0) expect(readPcapng(whole).packets).toHaveLength(reader.frames);
      }),
      { numRuns: 50 },
    );
  });

  it("reads the total loss from the statistics at the end", () => {
    const reader = new BlockReader();
    reader.read(FILE);
    reader.read(STATISTICS);
    reader.read(STATISTICS);
    expect(reader.lost).toBe(10);
  });

  it.each([
    ["words", Buffer.from("<!doctype html><title>A proxy</title>")],
    ["a block that is too short", Buffer.from(emptyBlock()).fill(8, 4, 5)],
    ["a block of an impossible length", Buffer.from(emptyBlock()).fill(0x7c, 6, 7)],
    ["a block with two different lengths", Buffer.from(emptyBlock()).fill(0, 12)],
  ])("refuses what is not a capture: %s", (_, bytes) => {
    expect(new BlockReader().read(bytes)).toBeUndefined();
  });
});
