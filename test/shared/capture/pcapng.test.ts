import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  emptyBlock,
  encodeText,
  interfaceDescription,
  interfaceStatistics,
  type PacketNote,
  packetBytes,
  sectionHeader,
  writePacket,
} from "../../../shared/capture/pcapng.ts";
import { requires } from "../../support/requirements.ts";
import { readPcapng } from "./read-pcapng.ts";

/** 2026-01-02 03:04:05.678 UTC, plus a fraction. */
const AT = 1_767_323_045_678.25;

const notes = fc.record({
  interfaceId: fc.constantFrom(0, 1),
  at: fc.double({ min: 0, max: 4e12, noNaN: true, noDefaultInfinity: true }),
  direction: fc.constantFrom("inbound" as const, "outbound" as const),
  comment: fc.option(fc.string({ unit: "binary", maxLength: 600 }), { nil: undefined }),
  lost: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 ** 40 })),
});
const frames = fc.uint8Array({ minLength: 14, maxLength: 200 });

/** A frame's block alone, in a buffer of exactly its size. */
function packet(frame: Uint8Array, note: PacketNote): Uint8Array {
  const block = new Uint8Array(packetBytes(frame.length, note)).fill(0xee);
  expect(writePacket(block, 0, note, frame, 0, frame.length)).toBe(block.length);
  return block;
}

const interfaces = [interfaceDescription("a in", "A, inbound"), interfaceDescription("a out", "A, outbound")];

describe("a capture file", () => {
  it("contains each frame with its interface, time, direction, comment and prior loss", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(frames, notes), { maxLength: 10 }), (sent) => {
        const blocks = sent.map(([frame, note]) =>
          packet(frame, {
            ...note,
            comment: note.comment === undefined ? undefined : encodeText(note.comment),
          }),
        );
        const { packets } = readPcapng(Buffer.concat([sectionHeader("test"), ...interfaces, ...blocks]));
        expect(packets).toHaveLength(sent.length);
        for (const [i, [frame, note]] of sent.entries()) {
          expect(packets[i]).toMatchObject({
            interface: { name: ["a in", "a out"][note.interfaceId] },
            direction: note.direction,
            lost: note.lost,
            originalBytes: frame.length,
          });
          expect([...(packets[i]?.frame ?? [])]).toEqual([...frame]);
          expect(packets[i]?.comment === undefined).toBe(note.comment === undefined);
          const whole = BigInt(Math.floor(note.at)) * 1_000_000n;
          const rest = Number((packets[i]?.time ?? 0n) - whole);
          expect(Math.abs(rest - (note.at % 1) * 1e6)).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("copies a frame between any offsets, and changes no byte around it", () => {
    const bytes = Uint8Array.from({ length: 64 }, (_, i) => i);
    const note: PacketNote = { interfaceId: 0, at: AT, direction: "inbound" };
    const size = packetBytes(21, note);
    const into = new Uint8Array(size + 20).fill(0xee);
    expect(writePacket(into, 8, note, bytes, 30, 51)).toBe(8 + size);
    expect([...into.subarray(0, 8), ...into.subarray(8 + size)]).toEqual(new Array(20).fill(0xee));
    const file = Buffer.concat([sectionHeader(""), ...interfaces, into.subarray(8, 8 + size)]);
    expect([...(readPcapng(file).packets[0]?.frame ?? [])]).toEqual([...bytes.subarray(30, 51)]);
    expect(() => writePacket(into, 21, note, bytes, 30, 51)).toThrow(RangeError);
  });

  it("names its author, and describes its interfaces: Ethernet, whole frames, nanoseconds", () => {
    const {
      application,
      comment,
      interfaces: described,
    } = readPcapng(
      Buffer.concat([sectionHeader("network 'lan'"), interfaceDescription("0a in", "alice, inbound")]),
    );
    expect({ application, comment }).toEqual({ application: "laneway", comment: "network 'lan'" });
    expect(described).toEqual([
      { name: "0a in", description: "alice, inbound", linkType: 1, snaplen: 262_144, resolution: 9 },
    ]);
  });

  it("ends with the frames and losses of each interface", () => {
    const lost = 2 ** 33 + 1;
    const statistics = { interfaceId: 1, startedAt: AT, endedAt: AT + 10, received: lost + 7, lost };
    const file = [sectionHeader(""), ...interfaces, emptyBlock(), interfaceStatistics(statistics)];
    const read = readPcapng(Buffer.concat(file));
    expect(read.statistics).toMatchObject([{ interface: { name: "a out" }, received: lost + 7, lost }]);
    expect(read.others).toEqual([4]);
  });

  it.each([
    ["as they are, whatever their language", "Büro 東京 🦀", "Büro 東京 🦀"],
    ["without control characters", "a\u001b[31m\n\u0000b\u009bc", "a [31m b c"],
    ["cut if they are too long", "x".repeat(2_000), "x".repeat(512)],
    ["cut between two characters", `x${"é".repeat(2_000)}`, `x${"é".repeat(255)}`],
    ["with a mark for half a character", "a\ud800b", "a\ufffdb"],
  ])("has names %s", (_, name, written) => {
    const { interfaces } = readPcapng(Buffer.concat([sectionHeader(""), interfaceDescription(name, name)]));
    expect(interfaces).toMatchObject([{ name: written, description: written }]);
  });
});

describe.runIf(requires("tshark"))("tshark", () => {
  it("reads a capture without a complaint, and shows every comment", () => {
    const arp = Buffer.from(
      "ffffffffffff020000000001080600010800060400010200000000010a1400010000000000000a140002",
      "hex",
    );
    const comment = encodeText("dropped: no-receiver (nobody else has joined)");
    const file = [
      sectionHeader("network 'lan'"),
      interfaceDescription("0a in", "alice (VTEP 0a), inbound"),
      packet(arp, { interfaceId: 0, at: AT, direction: "inbound" }),
      emptyBlock(),
      interfaceDescription("0a out", "alice (VTEP 0a), outbound"),
      packet(arp, { interfaceId: 1, at: AT + 1_000, direction: "outbound", comment, lost: 3 }),
      packet(new Uint8Array(65_550), { interfaceId: 0, at: AT + 2_000, direction: "inbound" }),
      interfaceStatistics({ interfaceId: 0, startedAt: AT, endedAt: AT, received: 2, lost: 0 }),
      interfaceStatistics({ interfaceId: 1, startedAt: AT, endedAt: AT, received: 4, lost: 3 }),
    ];
    const fields = ["frame.interface_name", "frame.interface_description", "frame.packet_flags_direction"];
    const more = ["frame.time_epoch", "frame.len", "frame.comment", "arp.dst.proto_ipv4"];
    expect(fieldsOf(Buffer.concat(file), [...fields, ...more])).toEqual([
      ["0a in", "alice (VTEP 0a), inbound", "1", "1767323045.678250000", "42", "", "10.20.0.2"],
      [
        ...["0a out", "alice (VTEP 0a), outbound", "2", "1767323046.678250000", "42"],
        ...["dropped: no-receiver (nobody else has joined)", "10.20.0.2"],
      ],
      ["0a in", "alice (VTEP 0a), inbound", "1", "1767323047.678250000", "65550", "", ""],
    ]);
  });

  it("reads an empty capture", () => {
    expect(fieldsOf(Buffer.concat([sectionHeader("quiet"), emptyBlock()]), ["frame.len"])).toEqual([]);
  });
});

/** The comments that tshark shows for each frame, which must be its only remarks. */
function fieldsOf(capture: Uint8Array, fields: readonly string[]): string[][] {
  const directory = mkdtempSync(join(tmpdir(), "laneway-pcapng-"));
  try {
    const file = join(directory, "capture.pcapng");
    writeFileSync(file, capture);
    const { status, stdout, stderr } = spawnSync(
      "tshark",
      ["-n", "-r", file, "-T", "fields", "-E", "separator=/t", ...fields.flatMap((field) => ["-e", field])],
      {
        encoding: "utf8",
        env: { ...process.env, HOME: directory, XDG_CONFIG_HOME: directory },
        stdio: "pipe",
      },
    );
    expect(stderr.replace(/^Running as user "root".*\n/, "")).toBe("");
    expect(status).toBe(0);
    return stdout
      .split("\n")
      .slice(0, -1)
      .map((line) =>
        line.split("\t").map((value) => (/^0x0+[12]$/.test(value) ? String(Number(value)) : value)),
      );
  } finally {
    rmSync(directory, { recursive: true });
  }
}
