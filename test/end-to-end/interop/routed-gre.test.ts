// Two sites, two subnets, and a routed GRE tunnel between the relay and Open vSwitch with a Linux router behind it.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningClient } from "../../support/network/lab.ts";
import { hasOpenVSwitch, OpenVSwitch } from "./open-vswitch.ts";
import { iperf, ping, until, Watch, Wire } from "./underlay.ts";

/** The test starts many commands, and a daemon of Open vSwitch. */
const SLOW = { timeout: 180_000 };

const SITE_A = "10.60.0.0/24";
const GATEWAY = "10.60.0.254";
const HOST_A = "10.60.0.1";
/** The address of the other site's router within the tunnel. */
const ROUTER_B = "10.61.0.2";
const FAR = "10.61.0.1";
const FAR_MAC = "02:00:00:00:3d:01";
const SITE_B = "10.62.0.0/24";
const HOST_B = "10.62.0.2";
const LAN_B = "10.62.0.1";
const KEY = "4100";

let wire: Wire;
let ovs: OpenVSwitch;
let client: RunningClient;
let port: string;

/** Makes a bridge whose tunnel carries packets without Ethernet, and whose own interface is the router's. */
async function routedTunnel(): Promise<void> {
  const { rack, relayAddress } = wire;
  await ovs.set("add-br", "l3", "--", "set", "bridge", "l3", "datapath_type=netdev");
  const options = [`remote_ip=${relayAddress}`, `key=${KEY}`, "packet_type=legacy_l3"];
  await ovs.set(
    "add-port",
    "l3",
    "l3-t",
    "--",
    "set",
    "interface",
    "l3-t",
    "type=gre",
    ...options.map((one) => `options:${one}`),
  );
  const mac = await wire.macOf("l3");
  for (const flow of [
    `in_port=l3-t,actions=mod_dl_src:${FAR_MAC},mod_dl_dst:${mac},LOCAL`,
    "in_port=LOCAL,ip,actions=output:l3-t",
  ]) {
    await ovs.run("ovs-ofctl", "add-flow", "l3", flow);
  }
  await rack.mustExec("ip", ["address", "add", `${ROUTER_B}/30`, "dev", "l3"]);
  await rack.mustExec("ip", ["link", "set", "l3", "mtu", "1400", "up"]);
  await rack.exec("ethtool", ["-K", "l3", "tx", "off"]);
  await rack.mustExec("ip", ["neigh", "replace", FAR, "lladdr", FAR_MAC, "dev", "l3", "nud", "permanent"]);
  await rack.mustExec("ip", ["route", "add", SITE_A, "via", FAR, "dev", "l3"]);
}

/** Gives the far host and its router their own subnet, because all homes in the lab have the same one. */
async function addSiteB(): Promise<void> {
  await wire.rack.mustExec("ip", ["address", "add", `${LAN_B}/24`, "dev", "lan"]);
  await wire.farHost.mustExec("ip", ["address", "add", `${HOST_B}/24`, "dev", "eth0"]);
  await wire.farHost.mustExec("ip", ["route", "replace", "default", "via", LAN_B]);
}

describe.runIf(hasOpenVSwitch("iperf3", "tshark", "ovs-ofctl"))("routed GRE, to Open vSwitch", SLOW, () => {
  beforeAll(async () => {
    wire = await Wire.create();
    ovs = new OpenVSwitch(wire);
    await ovs.start();
    await routedTunnel();
    await addSiteB();
    client = await wire.network("site-a", `${HOST_A}/24`);
    port = await wire.port(
      "site-a",
      "--kind",
      "gre",
      "--mode",
      "routed",
      "--remote",
      wire.rackAddress,
      "--key",
      KEY,
      "--gateway",
      `${GATEWAY}/24`,
      "--route",
      SITE_B,
      "--route",
      `${FAR}/30`,
    );
    await wire.home.mustExec("ip", ["route", "add", SITE_B, "via", GATEWAY, "dev", client.tap]);
  }, SLOW.timeout);
  afterAll(() => wire[Symbol.asyncDispose]());

  async function drops(): Promise<Record<string, number>> {
    return (await wire.show("site-a", port))["drops"] as Record<string, number>;
  }

  it("answers pings of the gateway from both sides", async () => {
    expect(await ping(wire.home, GATEWAY, "-c", "3")).toEqual([3, expect.stringContaining("ttl=64")]);
    // Open vSwitch drops packets until it has resolved the neighbour on the underlay.
    const isReached = async () => (await ping(wire.rack, GATEWAY, "-c", "1", "-W", "1"))[0] === 1;
    await until("the gateway is reached", isReached);
    expect((await ping(wire.rack, GATEWAY, "-c", "3"))[0]).toBe(3);
    expect((await ping(wire.farHost, GATEWAY, "-c", "3"))[0]).toBe(3);
  });

  it("lets hosts of two subnets ping each other, two hops away", async () => {
    expect(await ping(wire.home, HOST_B, "-c", "5")).toEqual([5, expect.stringContaining("ttl=62")]);
    expect(await ping(wire.farHost, HOST_A, "-c", "5")).toEqual([5, expect.stringContaining("ttl=62")]);
    const shown = await wire.show("site-a", port);
    // 1500 less 20 of IP and 8 of GRE with its key.
    expect(shown).toMatchObject({ state: "up", mode: "routed", frame_bytes: 1_472, vteps: [] });
    expect(Number(shown["rx_frames"])).toBeGreaterThanOrEqual(10);
  });

  it("appears in a traceroute, from either side", async () => {
    const hops = async (from: typeof wire.home, to: string): Promise<(string | undefined)[]> => {
      const found: (string | undefined)[] = [];
      for (const ttl of ["1", "2", "3"]) {
        const [, said] = await ping(from, to, "-c", "1", "-t", ttl);
        found.push(
          /From ([\d.]+).*Time to live exceeded/.exec(said)?.[1] ?? /from ([\d.]+): icmp/.exec(said)?.[1],
        );
      }
      return found;
    };
    expect(await hops(wire.home, HOST_B)).toEqual([GATEWAY, ROUTER_B, HOST_B]);
    expect((await hops(wire.farHost, HOST_A)).slice(1)).toEqual([GATEWAY, HOST_A]);
  });

  it("reports what fits for unfragmentable packets, and fragments others", async () => {
    const [received, said] = await ping(wire.home, HOST_B, "-c", "1", "-M", "do", "-s", "1472");
    expect(received).toBe(0);
    expect(said).toMatch(new RegExp(`From ${GATEWAY}.*mtu = 1472`));
    await wire.home.mustExec("ip", ["route", "flush", "cache"]);
    await using seen = await Watch.start(
      wire.lab.wan,
      `ip proto 47 and src host ${wire.relayAddress}`,
      ["ip.flags.mf", "ip.frag_offset"],
      wire.lab.directory,
    );
    expect((await ping(wire.home, HOST_B, "-c", "3", "-M", "dont", "-s", "2000"))[0]).toBe(3);
    // Of the outer header and the inner one: the inner packet is fragmented.
    await until("the pieces are seen", async () => seen.lines.some(([more]) => /1|True/.test(more ?? "")));
  });

  it("carries TCP both ways, although packets of 1,500 bytes do not fit", async () => {
    expect(await iperf(wire.home, wire.farHost, HOST_B)).toBeGreaterThan(0);
    expect(await iperf(wire.farHost, wire.home, HOST_A)).toBeGreaterThan(0);
  });

  it("reports unreachable hosts and networks", async () => {
    const [, nobody] = await ping(wire.farHost, "10.60.0.77", "-c", "1");
    expect(nobody).toMatch(new RegExp(`From ${GATEWAY}.*Destination Host Unreachable`));
    expect((await drops())["no-host"]).toBeGreaterThan(0);
    await wire.home.mustExec("ip", ["route", "add", "198.51.100.0/24", "via", GATEWAY, "dev", client.tap]);
    const [, nowhere] = await ping(wire.home, "198.51.100.1", "-c", "1");
    expect(nowhere).toMatch(new RegExp(`From ${GATEWAY}.*Destination Net Unreachable`));
  });

  it("drops packets with a spoofed source", async () => {
    const before = (await drops())["martian"] ?? 0;
    await wire.rack.mustExec("ip", ["address", "add", "203.0.113.9/32", "dev", "lo"]);
    expect((await ping(wire.rack, HOST_A, "-c", "2", "-W", "1", "-I", "203.0.113.9"))[0]).toBe(0);
    await until("they are counted", async () => ((await drops())["martian"] ?? 0) >= before + 2);
  });

  it("continues after a restart of the relay, and ends with its port", async () => {
    await wire.relay.restart();
    await until(
      "it carries again",
      async () => (await ping(wire.farHost, HOST_A, "-c", "1", "-W", "1"))[0] === 1,
    );
    await wire.relay.admin("port", "delete", port, "--network", "site-a");
    expect((await ping(wire.farHost, HOST_A, "-c", "2", "-W", "1"))[0]).toBe(0);
    expect((await ping(wire.home, GATEWAY, "-c", "2", "-W", "1"))[0]).toBe(0);
  });
});
