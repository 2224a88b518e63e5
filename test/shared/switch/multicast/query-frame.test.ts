import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { linkLocalOf } from "../../../../shared/frame/address.ts";
import { igmpQueryFrame, mldQueryFrame } from "../../../../shared/switch/multicast/query-frame.ts";
import { requires } from "../../../support/requirements.ts";
import { encodePcap } from "../../frame/tshark/pcap.ts";
import { ipv4, ipv6, tag } from "./frames.ts";

const MAC = 0x0200_5e00_0001;
const G = ipv4("239.129.2.3");
const G6 = ipv6("ff05::1:3");
const igmp = { mac: MAC, source: 0, tags: [], group: undefined, maxResponseMs: 10_000 };
const mld = { ...igmp, source: linkLocalOf(MAC) };

const FIELDS = [
  ...["eth.dst", "eth.src", "vlan.id", "ip.src", "ip.dst", "ip.ttl", "ip.opt.type", "ip.checksum.status"],
  ...["igmp.version", "igmp.type", "igmp.max_resp", "igmp.maddr", "igmp.qrv", "igmp.qqic", "igmp.num_src"],
  ...["igmp.checksum.status", "ipv6.src", "ipv6.dst", "ipv6.hlim", "ipv6.opt.router_alert", "icmpv6.type"],
  ...["icmpv6.mld.maximum_response_code", "icmpv6.mld.multicast_address", "icmpv6.mld.flag.qrv"],
  ...["icmpv6.mld.qqi", "icmpv6.mld.nb_sources", "icmpv6.checksum.status", "_ws.malformed", "_ws.expert"],
];

/** What tshark says of each frame: the fields it finds, but for those that say nothing is wrong. */
function seenByTshark(frames: readonly (Uint8Array | undefined)[]): Record<string, string>[] {
  const directory = mkdtempSync(join(tmpdir(), "laneway-queries-"));
  try {
    const file = join(directory, "queries.pcap");
    writeFileSync(file, encodePcap(frames.map((frame) => frame ?? expect.unreachable())));
    const output = execFileSync(
      "tshark",
      [
        ...["-n", "-r", file, "-T", "fields", "-o", "ip.check_checksum:TRUE"],
        ...FIELDS.flatMap((field) => ["-e", field]),
      ],
      {
        encoding: "utf8",
        env: { ...process.env, HOME: directory, XDG_CONFIG_HOME: directory },
        stdio: "pipe",
      },
    );
    const lines = output.split("\n").slice(0, -1);
    return lines.map((line) => {
      const columns = line.split("\t").map((column, index) => [FIELDS[index] ?? "", column] as const);
      return Object.fromEntries(columns.filter(([, column]) => column !== ""));
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe.runIf(requires("tshark"))("tshark", () => {
  it("finds the hub's IGMP queries to be what they should be", () => {
    const seen = seenByTshark([
      igmpQueryFrame(igmp),
      igmpQueryFrame({ ...igmp, source: ipv4("10.0.0.1"), group: G, maxResponseMs: 1000, tags: [tag(20)] }),
      igmpQueryFrame(igmp, 2),
    ]);
    const any = {
      "eth.src": "02:00:5e:00:00:01",
      "ip.src": "0.0.0.0",
      "ip.ttl": "1",
      "ip.opt.type": "148",
      "ip.checksum.status": "1",
      "igmp.checksum.status": "1",
      "igmp.type": "0x11",
    };
    const general = { "eth.dst": "01:00:5e:00:00:01", "ip.dst": "224.0.0.1", "igmp.maddr": "0.0.0.0" };
    const v3 = { "igmp.version": "3", "igmp.qrv": "2", "igmp.qqic": "125", "igmp.num_src": "0" };
    expect(seen).toEqual([
      { ...any, ...general, ...v3, "igmp.max_resp": "100" },
      {
        ...any,
        ...v3,
        "eth.dst": "01:00:5e:01:02:03",
        "vlan.id": "20",
        "ip.src": "10.0.0.1",
        "ip.dst": "239.129.2.3",
        "igmp.maddr": "239.129.2.3",
        "igmp.max_resp": "10",
      },
      { ...any, ...general, "igmp.version": "2", "igmp.max_resp": "100" },
    ]);
  });

  it("finds the hub's MLD queries to be what they should be", () => {
    const seen = seenByTshark([
      mldQueryFrame(mld),
      mldQueryFrame({ ...mld, group: G6, maxResponseMs: 1000, tags: [tag(7, true), tag(20)] }),
    ]);
    const any = {
      "eth.src": "02:00:5e:00:00:01",
      "ipv6.src": "fe80::5eff:fe00:1",
      "ipv6.hlim": "1",
      "ipv6.opt.router_alert": "0",
      "icmpv6.type": "130",
      "icmpv6.mld.flag.qrv": "2",
      "icmpv6.mld.qqi": "125",
      "icmpv6.mld.nb_sources": "0",
      "icmpv6.checksum.status": "1",
    };
    expect(seen).toEqual([
      {
        ...any,
        "eth.dst": "33:33:00:00:00:01",
        "ipv6.dst": "ff02::1",
        "icmpv6.mld.multicast_address": "::",
        "icmpv6.mld.maximum_response_code": "10000",
      },
      {
        ...any,
        "eth.dst": "33:33:00:01:00:03",
        "vlan.id": "20",
        "ipv6.dst": "ff05::1:3",
        "icmpv6.mld.multicast_address": "ff05::1:3",
        "icmpv6.mld.maximum_response_code": "1000",
      },
    ]);
  });
});
