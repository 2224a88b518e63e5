// Open vSwitch in userspace (datapath_type=netdev) as the other end: VXLAN, GRE with a key, and NVGRE by that key.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasOpenVSwitch, OpenVSwitch } from "./open-vswitch.ts";
import { iperf, ping, until, Watch, Wire } from "./underlay.ts";

let wire: Wire;
let ovs: OpenVSwitch;

describe.runIf(hasOpenVSwitch("iperf3", "tshark"))("Open vSwitch, across a port of the relay", () => {
  beforeAll(async () => {
    wire = await Wire.create();
    ovs = new OpenVSwitch(wire);
    await ovs.start();
  });
  afterAll(() => wire[Symbol.asyncDispose]());

  /** Checks pings in both directions, and a TCP transfer. */
  async function expectToCarry(here: string, there: string): Promise<void> {
    expect((await ping(wire.home, there, "-c", "5"))[0]).toBe(5);
    expect((await ping(wire.rack, here, "-c", "5"))[0]).toBe(5);
    expect(await iperf(wire.home, wire.rack, there)).toBeGreaterThan(0);
  }

  it("carries a network by VXLAN", async () => {
    await wire.network("vx", "10.50.0.1/24", "--mtu", "1400");
    await wire.port("vx", "--kind", "vxlan", "--remote", wire.rackAddress, "--wire-vni", "5000");
    await ovs.tunnel("vx", "10.50.0.2/24", "vxlan", "options:key=5000");
    await expectToCarry("10.50.0.1", "10.50.0.2");
  });

  it("carries a network by VXLAN with the generic protocol extension", async () => {
    const fields = ["ip.src", "vxlan.next_proto"];
    await using seen = await Watch.start(wire.lab.wan, "udp port 4790", fields, wire.lab.directory);
    await wire.network("gpe", "10.55.0.1/24", "--mtu", "1400");
    const port = await wire.port(
      "gpe",
      "--kind",
      "vxlan",
      "--gpe",
      "--remote",
      wire.rackAddress,
      "--wire-vni",
      "5005",
    );
    await ovs.tunnel(
      "gpe",
      "10.55.0.2/24",
      "vxlan",
      "options:key=5005",
      "options:exts=gpe",
      "options:dst_port=4790",
    );
    await expectToCarry("10.55.0.1", "10.55.0.2");
    expect(await wire.show("gpe", port)).toMatchObject({ gpe: true, socket_drops: {} });
    // Both announce Ethernet as their payload, which is 3 in GPE.
    const said = () =>
      new Set(seen.lines.map(([source, protocol]) => `${source?.split(",")[0]} ${Number(protocol)}`));
    await until("both are seen", async () => said().size > 1);
    expect(said()).toEqual(new Set([`${wire.relayAddress} 3`, `${wire.rackAddress} 3`]));
  });

  it("carries a network by GRE over IPv6", async () => {
    const [relay, rack] = ["2001:db8:2784::1", "2001:db8:2784::2"];
    for (const [host, address, link] of [
      [wire.lab.wan, relay, "wan"],
      [wire.rack, rack, "phy"],
    ] as const) {
      await host.mustExec("ip", ["-6", "address", "add", `${address}/64`, "dev", link, "nodad"]);
    }
    await until(
      "the underlay is reached",
      async () => (await ping(wire.rack, relay, "-c", "1", "-W", "1"))[0] === 1,
    );
    await wire.network("gre6", "10.56.0.1/24", "--mtu", "1400");
    const port = await wire.port("gre6", "--kind", "gre", "--remote", rack, "--key", "80");
    await ovs.tunnel("gre6", "10.56.0.2/24", "gre", `options:remote_ip=${relay}`, "options:key=80");
    await expectToCarry("10.56.0.1", "10.56.0.2");
    // 40 bytes of IPv6, 8 of GRE with its key.
    expect(await wire.show("gre6", port)).toMatchObject({ frame_bytes: 1452, socket_drops: {} });
  });

  it("carries a network by GRE with a key", async () => {
    await wire.network("gre", "10.51.0.1/24", "--mtu", "1400");
    const port = await wire.port("gre", "--kind", "gre", "--remote", wire.rackAddress, "--key", "77");
    await ovs.tunnel("gre", "10.51.0.2/24", "gre", "options:key=77");
    await expectToCarry("10.51.0.1", "10.51.0.2");
    expect(await wire.show("gre", port)).toMatchObject({ kind: "gre", key: 77 });
  });

  it.each([
    ["checksums", "csum", "10.52.0", 78, "--checksum", "csum=true"],
    ["sequence numbers", "seq", "10.54.0", 79, "--sequence", "seq=true"],
  ])("carries a network by GRE with %s", async (_, name, subnet, key, ours, theirs) => {
    await wire.network(name, `${subnet}.1/24`, "--mtu", "1400");
    const args = ["--kind", "gre", "--remote", wire.rackAddress, "--key", String(key), ours];
    const port = await wire.port(name, ...args);
    await ovs.tunnel(name, `${subnet}.2/24`, "gre", `options:key=${key}`, `options:${theirs}`);
    await expectToCarry(`${subnet}.1`, `${subnet}.2`);
    expect(await wire.show(name, port)).toMatchObject({ state: "up", [ours.slice(2)]: true });
  });

  it("carries a network by NVGRE, as GRE with VSID << 8 | FlowID for a key", async () => {
    await wire.network("nvgre", "10.53.0.1/24", "--mtu", "1400");
    const vsid = 0x1234;
    await using seen = await Watch.start(
      wire.lab.wan,
      "ip proto 47",
      ["ip.src", "gre.key"],
      wire.lab.directory,
    );
    const port = await wire.port(
      "nvgre",
      "--kind",
      "nvgre",
      "--remote",
      wire.rackAddress,
      "--vsid",
      String(vsid),
    );
    // It receives any FlowID, and sends one.
    await ovs.tunnel(
      "nvgre",
      "10.53.0.2/24",
      "gre",
      "options:in_key=flow",
      `options:out_key=${vsid * 256 + 9}`,
    );
    await expectToCarry("10.53.0.1", "10.53.0.2");
    // In addition to the earlier tunnels, whose keys are small.
    const keysSent = () =>
      seen.lines
        .filter(([source, key]) => source === wire.relayAddress && Number(key) > 0xff)
        .map(([, key]) => Number(key));
    await until("tshark has seen it", async () => new Set(keysSent()).size > 1);
    for (const key of keysSent()) expect(key >>> 8).toBe(vsid);
    expect(await wire.show("nvgre", port)).toMatchObject({ vsid, state: "up" });
  });
});
