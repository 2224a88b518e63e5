// Linux's VXLAN over IPv6: a group joined by MLD, and static remotes.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasLab, type RunningClient } from "../../support/network/lab.ts";
import { iperf, ping, until, Watch, Wire } from "./underlay.ts";

const RELAY = "2001:db8:7348::1";
const RACK = "2001:db8:7348::2";

let wire: Wire;

describe.runIf(hasLab("iperf3", "tshark", "bridge"))(
  "Linux's VXLAN over IPv6, across a port of the relay",
  () => {
    beforeAll(async () => {
      wire = await Wire.create();
      for (const [host, address] of [
        [wire.lab.wan, RELAY],
        [wire.rack, RACK],
      ] as const) {
        await host.mustExec("ip", ["-6", "address", "add", `${address}/64`, "dev", "wan", "nodad"]);
      }
    });
    afterAll(() => wire[Symbol.asyncDispose]());

    describe("with a multicast group", () => {
      const GROUP = "ff05::7:101";
      let client: RunningClient;
      let port: string;

      beforeAll(async () => {
        client = await wire.network("grouped", "10.60.0.1/24");
        const fields = ["ipv6.hlim", "icmpv6.mldr.mar.multicast_address"];
        await using mld = await Watch.start(wire.rack, "ip6", fields, wire.lab.directory);
        const group = ["--kind", "vxlan", "--group", GROUP, "--interface", "wan"];
        port = await wire.port("grouped", ...group, "--wire-vni", "7006");
        await until("the join is on the wire", async () =>
          mld.lines.some(([hops, groups]) => hops === "1" && groups?.split(",").includes(GROUP)),
        );
        await wire.vtep("grouped", 7006, "10.60.0.2/24", "dstport", "4789", "group", GROUP, "dev", "wan");
      });

      it("resolves by ARP and answers pings, either way", async () => {
        expect((await ping(wire.home, "10.60.0.2", "-c", "5"))[0]).toBe(5);
        await wire.rack.mustExec("ip", ["neigh", "flush", "dev", "grouped"]);
        expect((await ping(wire.rack, "10.60.0.1", "-c", "5"))[0]).toBe(5);
      });

      it("learns addresses on both sides", async () => {
        const mac = await wire.macOf("grouped");
        expect(await wire.fdb("grouped")).toContainEqual(
          expect.objectContaining({ mac, port, kind: "learned", remote: RACK }),
        );
        expect((await wire.bridgeFdb("grouped")).get(client.mac)).toBe(RELAY);
      });

      it("learns what fits between the longer headers", async () => {
        const [received, said] = await ping(wire.home, "10.60.0.2", "-c", "2", "-M", "do", "-s", "1472");
        expect(received).toBe(0);
        expect(said).toContain("mtu = 1430");
        expect((await ping(wire.home, "10.60.0.2", "-c", "3", "-M", "do", "-s", "1402"))[0]).toBe(3);
      });

      it("moves data with iperf3, either way", async () => {
        expect(await iperf(wire.home, wire.rack, "10.60.0.2")).toBeGreaterThan(0);
        expect(await iperf(wire.home, wire.rack, "10.60.0.2", "--reverse")).toBeGreaterThan(0);
      });
    });

    it("accepts packets without checksum, and sends with one, as IPv6 requires", async () => {
      await wire.network("bare", "10.63.0.1/24");
      const at = ["--listen", `[${RELAY}]:8472`, "--remote", RACK, "--wire-vni", "7007"];
      await wire.port("bare", "--kind", "vxlan", ...at);
      const fields = ["ipv6.src", "udp.checksum"];
      await using seen = await Watch.start(wire.rack, "udp port 8472", fields, wire.lab.directory);
      const to = ["dstport", "8472", "remote", RELAY, "local", RACK, "dev", "wan"];
      await wire.vtep("bare", 7007, "10.63.0.2/24", ...to, "udp6zerocsumtx");
      expect((await ping(wire.home, "10.63.0.2", "-c", "3"))[0]).toBe(3);
      const without = (source: string) =>
        seen.lines
          .filter(([outer]) => outer?.startsWith(source))
          .map(([, sum]) => Number(sum?.split(",")[0]) === 0);
      await until("both are seen", async () => without(RELAY).length > 3 && without(RACK).length > 3);
      expect(new Set(without(RACK))).toEqual(new Set([true]));
      expect(new Set(without(RELAY))).toEqual(new Set([false]));
    });
  },
);
