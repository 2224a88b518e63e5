import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatIpv6, parseIpv6 } from "../../../../shared/frame/address.ts";
import { requires } from "../../../support/requirements.ts";
import { type Dissection, dissect, FIELDS } from "../dissection.ts";
import { MIN_FRAME_BYTES, plainFrames, vxlanFrames } from "../specimens.ts";
import { encodePcap } from "./pcap.ts";

/** Fixed, so that a failure is the same failure the next time. */
const SEED = 7348;
const FRAMES_OF_EACH_KIND = 100;

describe.runIf(requires("tshark"))("tshark", () => {
  it.each(Object.entries({ ...plainFrames, ...vxlanFrames }))(
    "reads the same as our decoders from frames our encoders wrote: %s",
    (_, kind) => {
      const frames = fc.sample(kind, { seed: SEED, numRuns: FRAMES_OF_EACH_KIND });
      const seen = dissectWithTshark(frames);
      expect(seen).toHaveLength(frames.length);
      for (const [index, frame] of frames.entries()) {
        expect(seen[index], `frame ${index}: ${Buffer.from(frame).toString("hex")}`).toEqual(dissect(frame));
      }
    },
  );

  it.each([
    ["ping", "icmp"],
    ["ping6", "icmpv6"],
    ["udp", "udp"],
    ["udp6", "udp"],
  ] as const)(
    "finds a checksum wrong where our decoders do, so that their agreement means something: %s",
    (kind, layer) => {
      // Without padding, the last byte is one that the checksum covers.
      const unpadded = plainFrames[kind].filter((frame) => frame.length > MIN_FRAME_BYTES);
      const damaged = fc.sample(unpadded, { seed: SEED, numRuns: 10 }).map(damageLastByte);
      const expected = damaged.map(dissect);
      expect(expected.map((dissection) => dissection[`${layer}.checksum.status`])).toEqual(
        damaged.map(() => ["0"]),
      );
      expect(dissectWithTshark(damaged)).toEqual(expected);
    },
  );
});

function damageLastByte(frame: Uint8Array): Uint8Array {
  const last = frame.length - 1;
  return frame.with(last, (frame[last] ?? 0) ^ 0xff);
}

/** Returns the dissection of each frame by tshark, without missing fields. */
function dissectWithTshark(frames: readonly Uint8Array[]): Dissection[] {
  const directory = mkdtempSync(join(tmpdir(), "laneway-tshark-"));
  try {
    const file = join(directory, "frames.pcap");
    writeFileSync(file, encodePcap(frames));
    const options = ["ip.check_checksum:TRUE", "udp.check_checksum:TRUE", "ip.defragment:FALSE"];
    const output = execFileSync(
      "tshark",
      [
        ...["-n", "-r", file, "-T", "fields"],
        ...["-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=,"],
        ...options.flatMap((option) => ["-o", option]),
        ...FIELDS.flatMap((field) => ["-e", field]),
      ],
      // A home of its own, because the preferences of the user must not matter.
      {
        encoding: "utf8",
        env: { ...process.env, HOME: directory, XDG_CONFIG_HOME: directory },
        stdio: "pipe",
      },
    );
    return output.split("\n").slice(0, -1).map(parseLine);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function parseLine(line: string): Dissection {
  const dissection: Dissection = {};
  for (const [index, column] of line.split("\t").entries()) {
    const field = FIELDS[index];
    if (field !== undefined && column !== "") dissection[field] = column.split(",").map(normalise);
  }
  return dissection;
}

/**
 * Numbers without regard to their base, flags to the version of tshark, and `::166.174.0.0` as `::a6ae:0`:
 * tshark still writes the IPv4-compatible addresses that RFC 4291 §2.5.5.1 has deprecated.
 */
function normalise(value: string): string {
  if (/^::\d+\./.test(value)) return formatIpv6(parseIpv6(value) ?? 0n);
  if (value === "True" || value === "False") return value === "True" ? "1" : "0";
  return /^0x[0-9a-f]+$/i.test(value) ? String(Number(value)) : value;
}
