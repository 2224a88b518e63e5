// The numbers of docs/tunnels.md, compared with packets on the wire.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Host, hasLab, type RunningClient, startLaneway } from "../../support/network/lab.ts";
import { ping, until, Watch, Wire } from "./underlay.ts";

/** Each test starts many commands and captures. */
const SLOW = { timeout: 180_000 };

const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/tunnels.md"), "utf8");
const RELAY6 = "2001:db8:7348::1";
const RACK6 = "2001:db8:7348::2";
/** An unused overlay address: frames to it are flooded, and not answered. */
const NOBODY = "10.70.0.200";
const NOBODY_MAC = "02:00:00:00:70:c8";

/** ping's size, and the length of its frame: Ethernet, IPv4, ICMP. */
const PING_BYTES = 972;
const FRAME_BYTES = 14 + 20 + 8 + PING_BYTES;

/** Returns the page's numbers: bytes over IPv4 and IPv6 by tunnel. */
function said(): Map<string, (number | undefined)[]> {
  const rows = PAGE.matchAll(/^\| ([^|]+?) +\| +(\d*) \| +(\d*) \|$/gm);
  return new Map(
    [...rows].map(([, name = "", ...cells]) => [
      name,
      cells.map((cell) => (cell === "" ? undefined : Number(cell))),
    ]),
  );
}

let wire: Wire;
let client: RunningClient;

/** Returns how many bytes longer than the frame the packets at an interface are, for a ping from `from`. */
async function overhead(from: Host, at: Host, filter: string, link = "wan"): Promise<number> {
  const { directory } = wire.lab;
  await using seen = await Watch.start(at, `${filter} and greater 1000`, ["frame.len"], directory, link);
  await ping(from, NOBODY, "-c", "3", "-W", "1", "-s", String(PING_BYTES));
  await until("the packets are seen", async () => seen.lines.length >= 3);
  // Sometimes something small shares the TCP segment.
  const lengths = seen.lines.map(([length]) => Number(length)).sort((a, b) => a - b);
  return (lengths[1] ?? 0) - FRAME_BYTES;
}

describe.runIf(hasLab("tshark"))("docs/tunnels.md", SLOW, () => {
  beforeAll(async () => {
    wire = await Wire.create();
    for (const [host, address] of [
      [wire.lab.wan, RELAY6],
      [wire.rack, RACK6],
    ] as const) {
      await host.mustExec("ip", ["-6", "address", "add", `${address}/64`, "dev", "wan", "nodad"]);
    }
    client = await wire.network("page", "10.70.0.1/24");
    const neighbour = [NOBODY, "lladdr", NOBODY_MAC, "dev", client.tap, "nud", "permanent"];
    await wire.home.mustExec("ip", ["neigh", "add", ...neighbour]);
  }, SLOW.timeout);
  afterAll(() => wire[Symbol.asyncDispose]());

  it.each([
    ["GRE", ["--kind", "gre"]],
    ["GRE with key", ["--kind", "gre", "--key", "7"]],
    ["GRE with key, checksum, sequence number", ["--kind", "gre", "--key", "7", "--checksum", "--sequence"]],
    ["GRE in UDP, with key", ["--kind", "gre", "--key", "7", "--over", "udp"]],
    ["NVGRE", ["--kind", "nvgre", "--vsid", "4660"]],
    ["VXLAN", ["--kind", "vxlan"]],
    ["VXLAN with GBP or GPE", ["--kind", "vxlan", "--gpe"]],
    ["VXLAN with GBP or GPE", ["--kind", "vxlan", "--gbp"]],
  ])("says what %s adds to a frame", async (name, options) => {
    const measured: number[] = [];
    for (const [relay, rack] of [
      [wire.relayAddress, wire.rackAddress],
      [RELAY6, RACK6],
    ]) {
      const port = await wire.port("page", ...options, "--remote", rack ?? "");
      const filter = `src host ${relay} and dst host ${rack}`;
      // The underlay's own Ethernet header is not part of the tunnel.
      measured.push((await overhead(wire.home, wire.rack, filter)) - 14);
      await wire.relay.admin("port", "delete", port, "--network", "page");
    }
    expect(measured).toEqual(said().get(name));
  });

  it("has the overhead of `laneway.v1` in both directions, with and without a VLAN tag", async () => {
    const { home } = wire;
    const token = await wire.relay.token("page");
    const args = ["up", "--trunk", "10=page", "--tap", "trunk", "--relay", wire.relay.url];
    const trunk = startLaneway([...args, "--state", join(wire.lab.directory, "trunk")], {
      host: home,
      env: { LANEWAY_TOKEN: token },
    });
    await trunk.waitFor((line) => line.event === "up");
    const port = new URL(wire.relay.url).port;
    // Up from here, and down to the trunk.
    const up = await overhead(home, home, `tcp dst port ${port}`, "eth0");
    const down = await overhead(home, home, `tcp src port ${port}`, "eth0");
    expect([up - 14, undefined]).toEqual(said().get("`laneway.v1`, to the relay"));
    expect([down - 14, undefined]).toEqual(said().get("`laneway.v1`, from the relay"));
    const tagged = await overhead(home, home, "vlan 10", "trunk");
    expect([tagged, undefined]).toEqual(said().get("VLAN"));
    await trunk.stop();
  });

  it("has exactly the tunnels that are measured", () => {
    expect([...said().keys()]).toHaveLength(10);
  });
});
