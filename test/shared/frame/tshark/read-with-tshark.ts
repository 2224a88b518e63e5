import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodePcap } from "./pcap.ts";

/** Returns tshark's fields of each frame: the first value of each field, empty if it has none. */
export function readWithTshark<Field extends string>(
  frames: readonly Uint8Array[],
  fields: readonly Field[],
): Record<Field, string>[] {
  const directory = mkdtempSync(join(tmpdir(), "laneway-tshark-"));
  try {
    const file = join(directory, "frames.pcap");
    writeFileSync(file, encodePcap(frames));
    const output = execFileSync(
      "tshark",
      [
        ...["-n", "-r", file, "-T", "fields", "-E", "separator=/t", "-E", "occurrence=f"],
        ...["ip.check_checksum:TRUE", "udp.check_checksum:TRUE"].flatMap((option) => ["-o", option]),
        ...fields.flatMap((field) => ["-e", field]),
      ],
      // A home of its own, because the preferences of the user must not matter.
      {
        encoding: "utf8",
        env: { ...process.env, HOME: directory, XDG_CONFIG_HOME: directory },
        stdio: "pipe",
      },
    );
    return output
      .split("\n")
      .slice(0, -1)
      .map((line) => {
        const columns = line.split("\t");
        return Object.fromEntries(fields.map((field, i) => [field, columns[i] ?? ""])) as Record<
          Field,
          string
        >;
      });
  } finally {
    rmSync(directory, { recursive: true });
  }
}
