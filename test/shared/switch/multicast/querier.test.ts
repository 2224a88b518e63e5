import { describe, expect, it } from "vitest";
import { linkLocalOf } from "../../../../shared/frame/address.ts";
import { MulticastDomain } from "../../../../shared/switch/multicast/domain.ts";
import { MulticastRoom } from "../../../../shared/switch/multicast/room.ts";
import { KeepingPort } from "../ports.ts";
import { ipv4, ipv6 } from "./frames.ts";
import { KeepingSender } from "./sent.ts";

const MAC = 0x0200_5e00_0001;
const OWN = ipv4("10.0.0.5");
const port = new KeepingPort("a");

function lab(address = 0, igmpVersion: 2 | 3 = 3) {
  const sender = new KeepingSender();
  const room = new MulticastRoom();
  const domain = new MulticastDomain({ mac: MAC, address, igmpVersion, sender, room }, [], undefined, 0);
  const { igmp, mld } = domain;
  /** The seconds from `from` to `to` in which IGMP sent something. */
  const secondsOfQueries = (from: number, to: number) => {
    const seconds: number[] = [];
    for (let now = from; now <= to; now++) {
      igmp.tick(now);
      if (sender.take().length > 0) seconds.push(now);
    }
    return seconds;
  };
  return { sender, igmp, mld, secondsOfQueries };
}

describe("a querier", () => {
  it("asks twice to start with, about 31 seconds apart, and then every 125 seconds", () => {
    expect(lab().secondsOfQueries(0, 500)).toEqual([0, 32, 157, 282, 407]);
  });

  it("asks everybody about all groups, giving them 10 seconds", () => {
    const { sender, igmp, mld } = lab();
    igmp.tick(0);
    mld.tick(0);
    const said = { maxResponseMs: 10_000, suppress: false, robustness: 2, intervalSeconds: 125, sources: 0 };
    expect(sender.take()).toEqual([
      {
        to: "all",
        vlans: [],
        source: 0,
        destination: ipv4("224.0.0.1"),
        message: { kind: "query", version: 3, group: 0, ...said },
      },
      {
        to: "all",
        vlans: [],
        source: ipv6("fe80::5eff:fe00:1"),
        destination: ipv6("ff02::1"),
        message: { kind: "query", version: 2, group: 0n, ...said },
      },
    ]);
  });

  it("speaks IGMPv2 where it is told to", () => {
    const { sender, igmp } = lab(0, 2);
    igmp.tick(0);
    expect(sender.take()).toMatchObject([{ message: { version: 2, maxResponseMs: 10_000 } }]);
  });

  it("yields to any other while it has no address, and resumes 255 seconds after the last query", () => {
    const { igmp, secondsOfQueries } = lab();
    secondsOfQueries(0, 10);
    igmp.heard(ipv4("192.168.0.1"), 10);
    expect(igmp.other).toBe(ipv4("192.168.0.1"));
    expect(secondsOfQueries(11, 99)).toEqual([]);
    igmp.heard(ipv4("192.168.0.1"), 100);
    expect(secondsOfQueries(100, 354)).toEqual([]);
    expect(igmp.other).toBe(ipv4("192.168.0.1"));
    expect(secondsOfQueries(355, 400)[0]).toBe(355);
    expect(igmp.other).toBeUndefined();
  });

  it("yields to a lower address and not to a higher one", () => {
    const { igmp, secondsOfQueries } = lab(OWN);
    igmp.heard(OWN + 1, 0);
    igmp.heard(OWN, 0);
    expect(igmp.other).toBeUndefined();
    expect(secondsOfQueries(0, 5)).toEqual([0]);
    igmp.heard(OWN - 1, 6);
    expect(igmp.other).toBe(OWN - 1);
    expect(secondsOfQueries(6, 250)).toEqual([]);
  });

  it("yields to a lower link-local address in MLD, and not to a higher one", () => {
    const { mld } = lab();
    mld.heard(ipv6("fe80::ffff:ffff:ffff:ffff"), 0);
    expect(mld.other).toBeUndefined();
    mld.heard(ipv6("fe80::1"), 0);
    expect(mld.other).toBe(ipv6("fe80::1"));
  });

  it("asks a port that has come at once, giving it a second, also while another is querier", () => {
    const { sender, igmp } = lab(OWN);
    igmp.greet(port);
    igmp.heard(OWN - 1, 1);
    igmp.greet(port);
    const expected = { to: "a", destination: ipv4("224.0.0.1"), message: { group: 0, maxResponseMs: 1000 } };
    // From 0.0.0.0, it does not claim what is another's.
    expect(sender.take()).toMatchObject([
      { ...expected, source: OWN },
      { ...expected, source: 0 },
    ]);
  });

  it("asks about a group where it was left, giving a second", () => {
    const { sender, igmp, mld } = lab();
    const group = ipv4("239.1.2.3");
    const group6 = ipv6("ff05::1:3");
    igmp.askLastMember(group, port);
    mld.askLastMember(group6, port);
    expect(sender.take()).toMatchObject([
      { to: "a", destination: group, message: { group, maxResponseMs: 1000 } },
      { to: "a", destination: group6, message: { group: group6, maxResponseMs: 1000 } },
    ]);
  });
});

describe("a link-local address", () => {
  it("is made of the MAC address with its local bit turned over", () => {
    expect(linkLocalOf(0x0012_7feb_6b40)).toBe(ipv6("fe80::212:7fff:feeb:6b40"));
    expect(linkLocalOf(0xfeff_ffff_ffff)).toBe(ipv6("fe80::fcff:ffff:feff:ffff"));
  });
});
