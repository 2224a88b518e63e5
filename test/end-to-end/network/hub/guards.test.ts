// The guards with real machines' traffic.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linkLocal } from "../../../../desktop/demo/measure.ts";
import {
  arpRequest,
  BROADCAST,
  bareFrame,
  ipv4Frame,
  routerAdvertisement,
} from "../../../support/network/hub-frames.ts";
import { HubLab, type Member, ping, sendFrames, WAIT, Watch } from "../../../support/network/hub-lab.ts";
import { hasLab } from "../../../support/network/lab.ts";

const OTHER_MAC = "02:00:00:00:00:66";
const PREFIX = "2001:db8:1::";
const { signal } = new AbortController();

let lab: HubLab;
let alice: Member;
let bob: Member;

/** Returns the addresses that a member's kernel generated from a prefix. */
async function madeAddresses({ host, tap }: Member): Promise<string[]> {
  const json = await host.mustExec("ip", ["-json", "-6", "address", "show", "dev", tap, "scope", "global"]);
  const [link] = JSON.parse(json || "[]") as { addr_info?: { local?: string }[] }[];
  // `ip` prints empty objects for addresses that were filtered out.
  return (link?.addr_info ?? []).flatMap(({ local }) => local ?? []);
}

describe.runIf(hasLab())("a network", () => {
  beforeAll(async () => {
    lab = await HubLab.create();
    alice = await lab.join("alice", { address: "10.20.0.1" });
    bob = await lab.join("bob", { address: "10.20.0.2" });
  });
  afterAll(() => lab?.[Symbol.asyncDispose]());

  describe("that binds sources", () => {
    beforeAll(() => lab.set("lan", "source-binding=on"));
    afterAll(() => lab.set("lan", "source-binding=off"));

    it("passes what a machine sends with the addresses that it registered", async () => {
      const before = await lab.drops(alice, "source-binding");
      expect(await ping(alice, bob.ip)).toBe(3);
      expect(await ping(bob, alice.ip)).toBe(3);
      const theirs = await linkLocal(bob.host, bob.tap, { signal });
      expect(await ping(alice, `${theirs}%${alice.tap}`)).toBe(3);
      expect(await lab.drops(alice, "source-binding")).toBe(before);
    });

    it("drops and counts its frames with another MAC address", async () => {
      const watch = await Watch.start(bob, {
        spoofed: `ether saddr ${OTHER_MAC}`,
        own: `ether saddr ${alice.mac} ether type 0x88b5`,
      });
      const before = await lab.drops(alice, "source-binding");
      const frames = [
        bareFrame(BROADCAST, OTHER_MAC),
        bareFrame(bob.mac, OTHER_MAC),
        bareFrame(bob.mac, alice.mac),
      ];
      await sendFrames(alice, frames, 5);
      await watch.reach("own", 5);
      expect(await watch.count("spoofed")).toBe(0);
      expect(await lab.drops(alice, "source-binding")).toBe(before + 10);
      expect((await lab.show("fdb")).map(({ mac }) => mac)).not.toContain(OTHER_MAC);
    });

    it("drops and counts its packets with another IP address", async () => {
      const watch = await Watch.start(bob, {
        spoofed: "ip saddr 10.20.0.66",
        asked: "arp saddr ip 10.20.0.66",
        own: `ether saddr ${alice.mac} ether type 0x88b5`,
      });
      const before = await lab.drops(alice, "source-binding");
      const spoofed = ipv4Frame(bob.mac, alice.mac, "10.20.0.66", bob.ip);
      const asked = arpRequest(alice.mac, "10.20.0.66", "10.20.0.99");
      await sendFrames(alice, [spoofed, spoofed, spoofed, asked, bareFrame(bob.mac, alice.mac)]);
      await watch.reach("own", 1);
      expect([await watch.count("spoofed"), await watch.count("asked")]).toEqual([0, 0]);
      expect(await lab.drops(alice, "source-binding")).toBe(before + 4);
      expect(await ping(alice, bob.ip)).toBe(3);
    });

    it("passes all addresses of its interface, also later ones, and no others", async () => {
      const own = await linkLocal(alice.host, alice.tap, { signal });
      // Like addresses that are not derived from the MAC (RFC 7217), temporary ones (RFC 8981) and virtual ones.
      const others = ["fe80::5e1f:9a11:77c3:4d02", "2001:db8:66::66", "10.20.0.66"];
      const change = (what: string, address: string) => {
        const cidr = `${address}/${address.includes(":") ? 64 : 24}`;
        const nodad = address.includes(":") ? ["nodad"] : [];
        return alice.host.mustExec("ip", [
          "address",
          what,
          cidr,
          "dev",
          alice.tap,
          ...(what === "add" ? nodad : []),
        ]);
      };
      await bob.host.mustExec("ip", ["address", "add", "2001:db8:66::b/64", "dev", bob.tap, "nodad"]);
      for (const address of others) await change("add", address);
      const theirs = await linkLocal(bob.host, bob.tap, { signal });
      const to = (from: string) =>
        from.startsWith("fe80") ? `${theirs}%${alice.tap}` : from.includes(":") ? "2001:db8:66::b" : bob.ip;
      for (const address of others) {
        const from = address.startsWith("fe80") ? `${address}%${alice.tap}` : address;
        await expect.poll(() => ping(alice, to(address), "-I", from, "-W", "1"), WAIT).toBe(3);
      }
      for (const address of others) await change("del", address);
      const registered = async () => (await lab.show("neighbours")).map((row) => row["address"]);
      await expect.poll(registered, WAIT).not.toContain("10.20.0.66");
      expect(await registered()).toContain(own);
      await bob.host.mustExec("ip", ["address", "del", "2001:db8:66::b/64", "dev", bob.tap]);
    });
  });

  describe("that guards against routers", () => {
    beforeAll(() => lab.set("lan", "ra-guard=on"));

    const advertise = async (member: Member): Promise<void> => {
      const own = await linkLocal(member.host, member.tap, { signal });
      await sendFrames(member, [routerAdvertisement(member.mac, own, PREFIX)]);
    };
    const advertised = { advertised: "icmpv6 type nd-router-advert", own: "ether type 0x88b5" };

    it("drops the advertisements of a machine without the role, and warns it", async () => {
      const watch = await Watch.start(bob, advertised);
      await advertise(alice);
      await expect.poll(() => lab.drops(alice, "ra-guard"), WAIT).toBe(1);
      await sendFrames(alice, [bareFrame(bob.mac, alice.mac)]);
      await watch.reach("own", 1);
      expect(await watch.count("advertised")).toBe(0);
      expect(await madeAddresses(bob)).toEqual([]);
      await expect.poll(() => alice.process.stderr, WAIT).toContain(`laneway: rogue-router: ${alice.mac}`);
    });

    it("passes a router's advertisements, from which others generate addresses", async () => {
      const router = await lab.join("router", { roles: ["router"] });
      await advertise(router);
      await expect.poll(() => madeAddresses(bob), WAIT).toEqual([expect.stringMatching(/^2001:db8:1:/)]);
      const [there = ""] = await madeAddresses(bob);
      const here = async () => (await madeAddresses(alice)).length;
      await expect.poll(here, WAIT).toBe(1);
      expect(await ping(alice, there)).toBe(3);
    });
  });

  it("passes only the configured EtherTypes", async () => {
    await lab.set("lan", "ethertypes=allow:0x0800,0x0806");
    const watch = await Watch.start(bob, { other: "ether type 0x88b5", ping: "icmp type echo-request" });
    const before = await lab.drops(alice, "ethertype");
    await sendFrames(alice, [bareFrame(bob.mac, alice.mac)], 5);
    await expect.poll(() => lab.drops(alice, "ethertype"), WAIT).toBeGreaterThanOrEqual(before + 5);
    expect(await ping(alice, bob.ip)).toBe(3);
    expect(await watch.count("other")).toBe(0);
  });

  it("keeps link-local control frames to itself", async () => {
    const frames = [bareFrame("01:80:c2:00:00:00", alice.mac), bareFrame("01:80:c2:00:00:0e", alice.mac)];
    const watch = await Watch.start(bob, { control: "ether daddr & ff:ff:ff:ff:ff:f0 == 01:80:c2:00:00:00" });
    const before = await lab.drops(alice, "link-local");
    await sendFrames(alice, frames);
    await expect.poll(() => lab.drops(alice, "link-local"), WAIT).toBe(before + 2);
    expect(await ping(alice, bob.ip)).toBe(3);
    expect(await watch.count("control")).toBe(0);
  });

  it("is distinguished from another tenant's by its VNI, which is unique", async () => {
    await lab.relay.create("tenant", "create", "other");
    const { code, stderr } = await lab.relay.admin(
      ...["network", "create", "theirs", "--tenant", "other", "--vni", String(alice.vni)],
    );
    expect(code).toBe(1);
    expect(stderr).toContain(String(alice.vni));
    const { objects } = await lab.relay.admin("network", "list", "--tenant", "other");
    expect(objects).toEqual([]);
  });
});
