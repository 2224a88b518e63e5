import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { requires } from "../../support/requirements.ts";
import { encodePcap } from "../frame/tshark/pcap.ts";
import { dissect } from "./by-definition.ts";
import { finished } from "./finished.ts";
import { superFrames, unsummedFrames } from "./specimens.ts";

/** Fixed, so that a failure is reproducible. */
const SEED = 1624;
const OF_EACH_KIND = 40;

const FIELDS = [
  ...["ip.checksum.status", "tcp.checksum.status", "udp.checksum.status"],
  ...["tcp.payload", "udp.payload"],
] as const;
const GOOD = "1";
const BAD = "0";

describe.runIf(requires("tshark"))("tshark", () => {
  it.each(Object.entries({ ...superFrames, "either, with its checksum left to do": unsummedFrames }))(
    "finds every checksum correct, and all of the payload: %s",
    (_, kind) => {
      const specimens = fc.sample(kind, { seed: SEED, numRuns: OF_EACH_KIND });
      const groups = specimens.map((specimen) => finished(specimen));
      const seen = readWithTshark(groups.flat());
      for (const [index, group] of groups.entries()) {
        const { version, protocol, payload } = dissect(specimens[index]?.frame ?? new Uint8Array(0));
        const rows = seen.splice(0, group.length);
        const statuses = [
          version === 4 ? GOOD : "",
          protocol === "tcp" ? GOOD : "",
          protocol === "udp" ? GOOD : "",
        ];
        for (const row of rows) expect(row.slice(0, 3)).toEqual(statuses);
        const column = FIELDS.indexOf(`${protocol}.payload`);
        const found = rows.map((row) => row[column]).join("");
        expect(found === payload.toString("hex"), `payload of super-frame ${index}`).toBe(true);
      }
      expect(seen).toEqual([]);
    },
  );

  it.each(["TCP over IPv4", "TCP over IPv6", "UDP over IPv4", "UDP over IPv6"] as const)(
    "finds a checksum wrong if a byte is, so that its verdict means something: %s",
    (kind) => {
      const frames = fc.sample(superFrames[kind], { seed: SEED, numRuns: 5 }).flatMap((specimen) =>
        finished(specimen)
          .filter((frame) => dissect(frame).payload.length > 0)
          .map((frame) => frame.with(-1, (frame.at(-1) ?? 0) ^ 0x10)),
      );
      const column = kind.startsWith("TCP") ? 1 : 2;
      expect(frames.length).toBeGreaterThan(0);
      expect(readWithTshark(frames).map((row) => row[column])).toEqual(frames.map(() => BAD));
    },
  );
});

/** A row for each frame, with a column for each of {@link FIELDS}, empty if tshark shows nothing. */
function readWithTshark(frames: readonly Uint8Array[]): string[][] {
  const directory = mkdtempSync(join(tmpdir(), "laneway-tshark-"));
  try {
    const file = join(directory, "frames.pcap");
    writeFileSync(file, encodePcap(frames));
    const options = ["ip", "tcp", "udp"].map((layer) => `${layer}.check_checksum:TRUE`);
    const output = execFileSync(
      "tshark",
      [
        ...["-n", "-r", file, "-T", "fields", "-E", "separator=/t"],
        ...[...options, "tcp.desegment_tcp_streams:FALSE"].flatMap((option) => ["-o", option]),
        ...FIELDS.flatMap((field) => ["-e", field]),
      ],
      {
        encoding: "utf8",
        maxBuffer: 1 << 28,
        // A home of its own, so that the user's preferences do not matter.
        env: { ...process.env, HOME: directory, XDG_CONFIG_HOME: directory },
        stdio: "pipe",
      },
    );
    return output
      .split("\n")
      .slice(0, -1)
      .map((line) => line.split("\t"));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
