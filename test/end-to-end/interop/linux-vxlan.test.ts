// Linux's VXLAN as the other end: an independent implementation, which most VTEPs use.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasLab, type RunningClient } from "../../support/network/lab.ts";
import { iperf, ping, until, Watch, Wire } from "./underlay.ts";

let wire: Wire;

describe.runIf(hasLab("iperf3", "tshark", "bridge"))("Linux's VXLAN, across a port of the relay", () => {
  beforeAll(async () => {
    wire = await Wire.create();
  });
  afterAll(() => wire[Symbol.asyncDispose]());

  describe("with a multicast group", () => {
    const GROUP = "239.1.1.101";
    let client: RunningClient;
    let port: string;
    let joins: string[][];

    beforeAll(async () => {
      client = await wire.network("grouped", "10.40.0.1/24");
      await using igmp = await Watch.start(wire.rack, "igmp", ["ip.src", "igmp.maddr"], wire.lab.directory);
      port = await wire.port(
        "grouped",
        "--kind",
        "vxlan",
        "--group",
        GROUP,
        "--interface",
        "wan",
        "--wire-vni",
        "7001",
      );
      await until("the join is on the wire", async () =>
        igmp.lines.some(([source, groups]) => source === wire.relayAddress && groups?.includes(GROUP)),
      );
      joins = igmp.lines;
      await wire.vtep("grouped", 7001, "10.40.0.2/24", "dstport", "4789", "group", GROUP, "dev", "wan");
    });

    it("joins the group by IGMP", () => {
      expect(joins.some(([source, groups]) => source === wire.relayAddress && groups?.includes(GROUP))).toBe(
        true,
      );
    });

    it("resolves by ARP and answers pings, either way", async () => {
      expect((await ping(wire.home, "10.40.0.2", "-c", "5"))[0]).toBe(5);
      await wire.rack.mustExec("ip", ["neigh", "flush", "dev", "grouped"]);
      expect((await ping(wire.rack, "10.40.0.1", "-c", "5"))[0]).toBe(5);
    });

    it("learns addresses on both sides", async () => {
      const mac = await wire.macOf("grouped");
      expect(await wire.fdb("grouped")).toContainEqual(
        expect.objectContaining({ mac, port, kind: "learned", remote: wire.rackAddress }),
      );
      expect((await wire.bridgeFdb("grouped")).get(client.mac)).toBe(wire.relayAddress);
      expect(await wire.show("grouped", port)).toMatchObject({
        vteps: [{ mac, remote: wire.rackAddress }],
      });
    });

    it("learns what fits when a packet of 1,500 bytes does not", async () => {
      const [received, said] = await ping(wire.home, "10.40.0.2", "-c", "2", "-M", "do", "-s", "1472");
      expect(received).toBe(0);
      expect(said).toContain("mtu = 1450");
      expect(await wire.show("grouped", port)).toMatchObject({ drops: { "too-big": expect.any(Number) } });
      expect((await ping(wire.home, "10.40.0.2", "-c", "3", "-M", "do", "-s", "1422"))[0]).toBe(3);
    });

    it("moves data with iperf3, either way", async () => {
      expect(await iperf(wire.home, wire.rack, "10.40.0.2")).toBeGreaterThan(0);
      expect(await iperf(wire.home, wire.rack, "10.40.0.2", "--reverse")).toBeGreaterThan(0);
    });

    it("spreads flows over source ports of the dynamic range, without UDP checksum", async () => {
      const fields = ["udp.srcport", "udp.checksum", "vxlan.vni"];
      const filter = `udp dst port 4789 and src host ${wire.relayAddress}`;
      await using sent = await Watch.start(wire.rack, filter, fields, wire.lab.directory);
      for (let port = 1; port <= 16; port++) {
        await wire.home.exec("bash", ["-c", `echo hello > /dev/udp/10.40.0.2/${port}`]);
      }
      await until("all are on the wire", async () => sent.lines.length >= 16);
      // The outer ones come first.
      const outer = sent.lines.map((line) => line.map((values) => Number(values.split(",")[0])));
      const ports = new Set(outer.map(([source]) => source));
      expect(ports.size).toBeGreaterThan(2);
      for (const one of ports) expect(one).toBeGreaterThanOrEqual(49_152);
      for (const [, checksum, vni] of outer) expect([checksum, vni]).toEqual([0, 7001]);
    });
  });

  describe.each([
    ["on IANA's port, on the socket that the group has", "4789", "10.41.0"],
    ["on Linux's old port", "8472", "10.42.0"],
  ])("with static remotes, %s", (_, udpPort, subnet) => {
    const name = `static${udpPort}`;
    let port: string;

    beforeAll(async () => {
      await wire.network(name, `${subnet}.1/24`);
      const listen = `0.0.0.0:${udpPort}`;
      port = await wire.port(
        name,
        "--kind",
        "vxlan",
        "--listen",
        listen,
        "--remote",
        wire.rackAddress,
        "--wire-vni",
        "55",
      );
      await wire.vtep(
        name,
        55,
        `${subnet}.2/24`,
        "dstport",
        udpPort,
        "remote",
        wire.relayAddress,
        "dev",
        "wan",
      );
    });

    it("resolves by ARP and answers pings, either way", async () => {
      expect((await ping(wire.home, `${subnet}.2`, "-c", "5"))[0]).toBe(5);
      expect((await ping(wire.rack, `${subnet}.1`, "-c", "5"))[0]).toBe(5);
    });

    it("moves data with iperf3", async () => {
      expect(await iperf(wire.home, wire.rack, `${subnet}.2`)).toBeGreaterThan(0);
    });

    it("carries nothing after its deletion", async () => {
      const { code } = await wire.relay.admin("port", "delete", port, "--network", name);
      expect(code).toBe(0);
      expect((await ping(wire.home, `${subnet}.2`, "-c", "2", "-W", "1"))[0]).toBe(0);
    });
  });

  it("works without members, from one VTEP to another, also after a restart of the relay", async () => {
    await wire.relay.create("network", "create", "alone");
    const args = ["--kind", "vxlan", "--listen", `${wire.relayAddress}:4801`, "--remote", wire.rackAddress];
    const port = await wire.port("alone", ...args, "--wire-vni", "9");
    await wire.relay.restart();
    expect(await wire.show("alone", port)).toMatchObject({ state: "up" });
    await wire.vtep("alone", 9, "10.43.0.2/24", "dstport", "4801", "remote", wire.relayAddress, "dev", "wan");
    // ARP for an unused address: the port learns from it anyway.
    await ping(wire.rack, "10.43.0.1", "-c", "1", "-W", "1");
    const mac = await wire.macOf("alone");
    await until("it has learnt the VTEP", async () =>
      (await wire.fdb("alone")).some((row) => row["mac"] === mac),
    );
  });
});
