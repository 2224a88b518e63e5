// Isolation, guards and packet sizes of a VXLAN port, with Linux's VXLAN as the other end.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasLab } from "../../support/network/lab.ts";
import { iperf, ping, until, Watch, Wire } from "./underlay.ts";

/** Another address of the rack, unknown to the relay. */
const SPOOFED = "203.0.113.166";

/** Each test starts many commands and captures. */
const SLOW = { timeout: 180_000 };

let wire: Wire;

describe.runIf(hasLab("iperf3", "tshark", "bridge", "arping", "ss"))(
  "A VXLAN port of the relay",
  SLOW,
  () => {
    beforeAll(async () => {
      wire = await Wire.create();
      await wire.rack.mustExec("ip", ["address", "add", `${SPOOFED}/24`, "dev", "wan"]);
    });
    afterAll(() => wire[Symbol.asyncDispose]());

    /** The rack's destination, on IANA's port. */
    const toRelay = () => ["dstport", "4789", "remote", wire.relayAddress, "dev", "wan"];
    const toRack = () => ["--kind", "vxlan", "--remote", wire.rackAddress];
    const askOnce = (link: string, address: string) =>
      wire.rack.exec("arping", ["-c", "1", "-w", "1", "-I", link, address]);

    it("shares its socket with another network's, told apart by the VNI on the wire alone", async () => {
      const left = await wire.network("left", "10.61.0.1/24");
      const right = await wire.network("right", "10.62.0.1/24");
      await wire.port("left", ...toRack(), "--wire-vni", "61");
      await wire.port("right", ...toRack(), "--wire-vni", "62");
      const sockets = await wire.lab.wan.mustExec("ss", ["-Hlun", "sport", "=", ":4789"]);
      expect(sockets.trim().split("\n")).toHaveLength(1);
      await wire.vtep("left", 61, "10.61.0.2/24", ...toRelay());
      await wire.vtep("right", 62, "10.62.0.2/24", ...toRelay());
      const [leftMac, rightMac] = [await wire.macOf("left"), await wire.macOf("right")];

      const filter = `ether src ${leftMac} or ether src ${rightMac}`;
      const { directory } = wire.lab;
      await using atLeft = await Watch.start(wire.home, filter, ["eth.src"], directory, left.tap);
      await using atRight = await Watch.start(wire.home, filter, ["eth.src"], directory, right.tap);
      for (const [link, address] of [
        ["left", "10.62.0.1"],
        ["right", "10.61.0.1"],
        ["left", "10.61.0.1"],
        ["right", "10.62.0.1"],
      ] as const) {
        await askOnce(link, address);
      }
      const seen = ({ lines }: Watch) => new Set(lines.flat());
      await until("both are heard", async () => seen(atLeft).size > 0 && seen(atRight).size > 0);
      expect(seen(atLeft)).toEqual(new Set([leftMac]));
      expect(seen(atRight)).toEqual(new Set([rightMac]));

      const macs = async (network: string) => (await wire.fdb(network)).map((row) => row["mac"]);
      expect(await macs("left")).toContain(leftMac);
      expect(await macs("left")).not.toContain(rightMac);
      expect(await macs("right")).not.toContain(leftMac);
    });

    it("counts and drops frames with an unknown VNI", async () => {
      await wire.relay.create("network", "create", "lonely");
      const port = await wire.port("lonely", ...toRack(), "--listen", "0.0.0.0:4805", "--wire-vni", "64");
      const to = ["dstport", "4805", "remote", wire.relayAddress, "dev", "wan"];
      await wire.vtep("nobody", 999, "10.64.0.2/24", ...to);
      await askOnce("nobody", "10.64.0.1");
      await until("it is counted", async () => {
        const { socket_drops: drops } = await wire.show("lonely", port);
        return Number((drops as Record<string, number>)["not-joined"]) > 0;
      });
      expect(await wire.fdb("lonely")).toEqual([]);
    });

    it("accepts an unknown source only if it may learn remotes", async () => {
      await wire.network("told", "10.65.0.1/24");
      const port = await wire.port("told", ...toRack(), "--wire-vni", "65");
      await wire.vtep("told", 65, "10.65.0.2/24", ...toRelay(), "local", SPOOFED);
      const mac = await wire.macOf("told");
      expect((await ping(wire.rack, "10.65.0.1", "-c", "2", "-W", "1"))[0]).toBe(0);
      expect(await wire.show("told", port)).toMatchObject({
        drops: { "unknown-remote": expect.any(Number) },
        rx_frames: 0,
        vteps: [],
      });
      expect((await wire.fdb("told")).map((row) => row["mac"])).not.toContain(mac);

      await wire.relay.admin("port", "delete", port, "--network", "told");
      const open = await wire.port("told", ...toRack(), "--wire-vni", "65", "--unknown-remotes", "learn");
      // The port exists before its first frame.
      expect((await ping(wire.rack, "10.65.0.1", "-c", "10"))[0]).toBeGreaterThan(0);
      expect(await wire.show("told", open)).toMatchObject({ vteps: [{ mac, remote: SPOOFED }] });
    });

    it("reports by ICMPv6 what fits", async () => {
      const { tap } = await wire.network("six", "10.66.0.1/24");
      await wire.home.mustExec("ip", ["-6", "address", "add", "fd66::1/64", "dev", tap, "nodad"]);
      await wire.port("six", ...toRack(), "--wire-vni", "66");
      await wire.vtep("six", 66, "fd66::2/64", ...toRelay());
      expect((await ping(wire.home, "fd66::2", "-c", "3"))[0]).toBe(3);
      const [received, said] = await ping(wire.home, "fd66::2", "-c", "2", "-M", "do", "-s", "1452");
      expect(received).toBe(0);
      expect(said).toMatch(/From fd66::2 .*Packet too big: mtu=1450/);
      expect((await ping(wire.home, "fd66::2", "-c", "3", "-M", "do", "-s", "1402"))[0]).toBe(3);
    });

    it("clamps TCP's MSS in both directions, if set", async () => {
      const { tap } = await wire.network("clamped", "10.67.0.1/24");
      await wire.port("clamped", ...toRack(), "--wire-vni", "67", "--clamp-mss");
      // Like a host behind a bridge, which knows of no tunnel. Linux allows that only on an interface of a bridge.
      await wire.vtep("clamped", 67, "10.67.0.2/24", "dstport", "4789", "remote", wire.relayAddress);
      await wire.rack.mustExec("ip", ["link", "set", "clamped", "mtu", "1500"]);
      const syn = "tcp[tcpflags] & tcp-syn != 0";
      const fields = ["ip.src", "tcp.options.mss_val"];
      const { directory } = wire.lab;
      await using atRack = await Watch.start(wire.rack, syn, fields, directory, "clamped");
      await using atHome = await Watch.start(wire.home, syn, fields, directory, tap);
      expect(await iperf(wire.home, wire.rack, "10.67.0.2")).toBeGreaterThan(0);
      const said = (at: Watch, source: string) =>
        new Set(at.lines.filter(([from]) => from === source).map(([, mss]) => mss));
      await until("both are seen", async () => atRack.lines.length > 1 && atHome.lines.length > 1);
      // 1,450 bytes less the headers of IP and TCP; the senders offer the value for 1,500.
      expect(said(atHome, "10.67.0.1")).toEqual(new Set(["1460"]));
      expect(said(atRack, "10.67.0.1")).toEqual(new Set(["1410"]));
      expect(said(atRack, "10.67.0.2")).toEqual(new Set(["1460"]));
      expect(said(atHome, "10.67.0.2")).toEqual(new Set(["1410"]));
    });

    it("segments super-frames of neighbouring machines for other ports", async () => {
      const { router, wanAddress } = await wire.lab.addSite("other");
      await router.mustExec("nft", ["delete", "table", "inet", "router"]);
      await wire.relay.create("network", "create", "between");
      const ports: string[] = [];
      for (const [host, address, vni, own] of [
        [wire.rack, wire.rackAddress, "71", "10.71.0.1/24"],
        [router, wanAddress, "72", "10.71.0.2/24"],
      ] as const) {
        const more = ["--remote", address, "--listen", "0.0.0.0:4808", "--wire-vni", vni];
        ports.push(await wire.port("between", "--kind", "vxlan", ...more));
        const to = ["dstport", "4808", "remote", wire.relayAddress, "dev", "wan"];
        await host.mustExec("ip", ["link", "add", "between", "type", "vxlan", "id", vni, ...to]);
        await host.mustExec("ip", ["address", "add", own, "dev", "between"]);
        await host.mustExec("ip", ["link", "set", "between", "up"]);
      }
      expect(await iperf(wire.rack, router, "10.71.0.2")).toBeGreaterThan(0);
      for (const port of ports) {
        expect((await wire.show("between", port))["drops"]).not.toHaveProperty("too-big");
      }
      const { rx_frames: frames, rx_bytes: bytes } = await wire.show("between", ports[0] ?? "");
      expect(Number(bytes) / Number(frames)).toBeGreaterThan(1_464);
    });

    it("forwards a frame's group policy to the other end of another port", async () => {
      const { rack } = wire;
      await wire.relay.create("network", "create", "policy");
      for (const [vtep, udpPort, vni, address] of [
        ["marking", "4806", 68, "10.68.0.1/24"],
        ["marked", "4807", 69, "10.69.0.1/24"],
      ] as const) {
        const listen = ["--listen", `0.0.0.0:${udpPort}`, "--wire-vni", String(vni), "--gbp"];
        await wire.port("policy", ...toRack(), ...listen);
        const to = ["dstport", udpPort, "remote", wire.relayAddress, "dev", "wan", "gbp"];
        await wire.vtep(vtep, vni, address, ...to);
      }
      // Linux keeps it in the packet's mark, on either side.
      const rules = `
      table netdev marks {
        chain outbound { type filter hook egress device "marking" priority 0; meta mark set 77; }
        chain inbound { type filter hook ingress device "marked" priority 0; meta mark 77 counter; }
      }`;
      await rack.mustExec("nft", ["-f", "-"], { input: rules });
      // The flags G and I, and the group.
      const marked = "udp dst port 4807 and udp[8] & 0x88 = 0x88 and udp[10:2] = 77";
      const filter = `src host ${wire.relayAddress} and ${marked}`;
      await using seen = await Watch.start(rack, filter, ["udp.dstport"], wire.lab.directory);
      await askOnce("marking", "10.68.0.9");
      await until("it is on the wire", async () => seen.lines.length > 0);
      const counted = async () =>
        /counter packets [1-9]/.test(await rack.mustExec("nft", ["list", "table", "netdev", "marks"]));
      await until("the other end has it", counted);
    });
  },
);
