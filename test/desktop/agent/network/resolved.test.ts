import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type ResolvedOptions,
  reachableServers,
  tellResolved,
} from "../../../../desktop/agent/network/resolved.ts";

const { signal } = new AbortController();
const OPTIONS: ResolvedOptions = {
  link: "lw0",
  servers: ["10.20.0.1", "fd12:3456:789a::1"],
  domain: "office.lan.internal",
  addresses: ["10.20.0.7/24"],
  signal,
};

/** Stands in for the command: records its arguments, and exits with the code if its first word is `fails`. */
function standIn(fails = "", code = 0) {
  const directory = mkdtempSync(join(tmpdir(), "laneway-resolved-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const [resolvectl, told] = [join(directory, "resolvectl"), join(directory, "told")];
  writeFileSync(told, "");
  writeFileSync(
    resolvectl,
    `#!/bin/sh\necho "$@" >> ${told}\n[ "$1" = "${fails}" ] && exit ${code}\nexit 0\n`,
  );
  chmodSync(resolvectl, 0o755);
  return { resolvectl, told: () => readFileSync(told, "utf8").trim().split("\n") };
}

describe("systemd-resolved's configuration for a network", () => {
  it("has its domain, its reverse zones, and the reachable servers", async () => {
    const { resolvectl, told } = standIn();
    expect(await tellResolved({ ...OPTIONS, resolvectl })).toBe(true);
    expect(told()).toEqual([
      "default-route lw0 false",
      "domain lw0 office.lan.internal ~0.20.10.in-addr.arpa",
      "dns lw0 10.20.0.1",
    ]);
  });

  it("has no reverse zone with addresses of others, and not a hundred zones", async () => {
    for (const [address, zones] of [
      [
        "10.20.4.7/22",
        " ~4.20.10.in-addr.arpa ~5.20.10.in-addr.arpa ~6.20.10.in-addr.arpa ~7.20.10.in-addr.arpa",
      ],
      ["10.20.0.7/26", ""],
      ["10.20.0.7/17", ""],
      ["10.20.0.7/16", " ~20.10.in-addr.arpa"],
    ] as const) {
      const { resolvectl, told } = standIn();
      await tellResolved({ ...OPTIONS, addresses: [address], resolvectl });
      expect(told()[1]).toBe(`domain lw0 office.lan.internal${zones}`);
    }
  });

  it("is skipped if it does not run, or refuses", async () => {
    expect(await tellResolved({ ...OPTIONS, resolvectl: "/no/such/resolvectl" })).toBe(false);
    const { resolvectl, told } = standIn("domain", 1);
    expect(await tellResolved({ ...OPTIONS, resolvectl })).toBe(false);
    expect(told()).toHaveLength(2);
  });

  it("is skipped if the interface has no address to ask from", async () => {
    const { resolvectl, told } = standIn();
    expect(await tellResolved({ ...OPTIONS, addresses: [], resolvectl })).toBe(false);
    expect(told()).toEqual([""]);
    expect(reachableServers(OPTIONS.servers, ["fd12:3456:789a::7/64"])).toEqual(["fd12:3456:789a::1"]);
  });

  it("ends with the signal", async () => {
    const reason = new Error("enough");
    const { resolvectl } = standIn();
    const ended = tellResolved({ ...OPTIONS, resolvectl, signal: AbortSignal.abort(reason) });
    await expect(ended).rejects.toBe(reason);
  });
});
