import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ETHERTYPE_ARP, encodeEthernet } from "../../../../shared/frame/ethernet.ts";
import {
  ALLOW_NEW_SOURCES,
  BLOCK_OLD_SOURCES,
  CHANGE_TO_EXCLUDE,
  CHANGE_TO_INCLUDE,
  MODE_IS_EXCLUDE,
  MODE_IS_INCLUDE,
} from "../../../../shared/frame/groups/group-record.ts";
import { Budget } from "../../../../shared/switch/budget.ts";
import { MulticastSnooper, type SnooperOptions } from "../../../../shared/switch/multicast/snooper.ts";
import {
  GREETED_PER_TICK,
  MAX_DOMAINS_PER_PORT,
  MAX_GROUPS_PER_PORT,
  QUERIES_PER_TICK,
} from "../../../../shared/switch/multicast/timers.ts";
import { FrameView } from "../../../../shared/switch/policy/frame-view.ts";
import { hostileBytes } from "../../frame/bounds.ts";
import { KeepingPort } from "../ports.ts";
import {
  igmpFrame,
  ipv4,
  ipv4Frame,
  ipv6,
  ipv6Frame,
  leaveV2,
  mldDone,
  mldQuery,
  mldReportV1,
  mldReportV2,
  pimFrame,
  pimFrame6,
  queryV2,
  reportV1,
  reportV2,
  reportV3,
  solicitation,
  tag,
} from "./frames.ts";
import { KeepingSender } from "./sent.ts";

const G = ipv4("239.1.2.3");
const G6 = ipv6("ff05::1:3");
const ROUTER = ipv4("10.0.0.1");
const ROUTER6 = ipv6("fe80::1");
const MAC = 0x0200_5e00_0001;

function lab(options: Partial<SnooperOptions> = {}) {
  const sender = new KeepingSender();
  const snooper = new MulticastSnooper({ mac: MAC, sender, floodUnregistered: true, ...options }, 0);
  const [a, b, c] = [new KeepingPort("a"), new KeepingPort("b"), new KeepingPort("c")];
  /** Where a frame goes: "flood", or the ports. */
  const judge = (from: KeepingPort, frame: Uint8Array, now = 0) => {
    const headroom = 12;
    const bytes = new Uint8Array(headroom + frame.length + 20).fill(0xee);
    bytes.set(frame, headroom);
    const receivers = snooper.judge(
      from,
      new FrameView().read(bytes, headroom, headroom + frame.length),
      now,
    );
    return receivers === "flood" ? receivers : [...receivers].map((port) => port.id).sort();
  };
  return { sender, snooper, a, b, c, judge };
}

const toG = ipv4Frame({ destination: G });
const toG6 = ipv6Frame({ destination: G6 });

describe("a group with a member", () => {
  it.each([
    ["IGMPv1", reportV1(G)],
    ["IGMPv2", reportV2(G)],
    ["IGMPv3", reportV3(CHANGE_TO_EXCLUDE, G)],
    ["IGMPv3, in an answer", reportV3(MODE_IS_EXCLUDE, G)],
    ["IGMPv3, for a source", reportV3(MODE_IS_INCLUDE, G, [1])],
    ["IGMPv3, for another source", reportV3(ALLOW_NEW_SOURCES, G, [2])],
  ])("goes to the port where it was joined, and to no other: %s", (_, report) => {
    const { judge, a, b } = lab();
    expect(judge(b, toG)).toBe("flood");
    expect(judge(a, report)).toEqual([]);
    expect(judge(b, toG)).toEqual(["a"]);
  });

  it.each([
    ["MLDv1", mldReportV1(G6)],
    ["MLDv2", mldReportV2(CHANGE_TO_EXCLUDE, G6)],
    ["MLDv2, for a source", mldReportV2(CHANGE_TO_INCLUDE, G6, [1n])],
    ["a host without an address yet", mldReportV1(G6, { source: 0n })],
  ])("goes to the port where it was joined, and to no other: %s", (_, report) => {
    const { judge, a, b } = lab();
    expect(judge(b, toG6)).toBe("flood");
    expect(judge(a, report)).toEqual([]);
    expect(judge(b, toG6)).toEqual(["a"]);
  });

  it("is told from another with the same MAC address", () => {
    const { judge, a, b } = lab();
    judge(a, reportV2(G));
    expect(judge(b, ipv4Frame({ destination: ipv4("239.129.2.3") }))).toBe("flood");
    judge(a, mldReportV1(G6));
    expect(judge(b, ipv6Frame({ destination: ipv6("ff08::1:3") }))).toBe("flood");
  });

  it("goes to all its members and to routers, in one set as long as those don't change", () => {
    const { snooper, judge, a, b, c } = lab();
    judge(a, reportV2(G));
    judge(b, reportV2(G));
    judge(c, queryV2(ROUTER));
    expect(judge(b, toG)).toEqual(["a", "b", "c"]);
    const of = () => snooper.judge(b, new FrameView().read(toG, 0, toG.length), 0);
    const before = of();
    judge(a, reportV2(G), 5);
    snooper.tick(6);
    expect(of()).toBe(before);
    snooper.detach(c);
    expect([...of()]).toEqual([a, b]);
  });

  it("is a member's no more 260 seconds after its last report", () => {
    const { snooper, judge, a, b, c } = lab();
    judge(a, reportV2(G), 0);
    judge(c, reportV2(G), 100);
    snooper.tick(260);
    expect(judge(b, toG, 260)).toEqual(["c"]);
  });

  it("has no receivers, rather than all ports, after its last member has left while its traffic comes", () => {
    const { snooper, judge, a, b } = lab();
    judge(a, reportV2(G), 0);
    snooper.detach(a);
    for (let now = 0; now <= 600; now += 100) {
      snooper.tick(now);
      expect(judge(b, toG, now)).toEqual([]);
    }
    snooper.tick(859);
    snooper.tick(860);
    expect(judge(b, toG, 860)).toBe("flood");
  });
});

describe("a leave", () => {
  it.each([
    ["IGMPv2", reportV2(G), leaveV2(G)],
    ["IGMPv3", reportV3(CHANGE_TO_EXCLUDE, G), reportV3(CHANGE_TO_INCLUDE, G)],
    ["IGMPv3, of a source", reportV3(ALLOW_NEW_SOURCES, G, [1]), reportV3(BLOCK_OLD_SOURCES, G, [1])],
  ])("has the hub ask twice, a second apart, and ends the stream within 3 s: %s", (_, join, leave) => {
    const { sender, snooper, judge, a, b } = lab();
    judge(a, join, 0);
    snooper.tick(0);
    sender.take();
    expect(judge(a, leave, 10.4)).toEqual([]);
    expect(sender.takeIgmp()).toEqual(["a group"]);
    snooper.tick(11);
    expect(sender.takeIgmp()).toEqual([]);
    snooper.tick(12);
    expect(sender.takeIgmp()).toEqual(["a group"]);
    expect(judge(b, toG, 12)).toEqual(["a"]);
    snooper.tick(13);
    expect(judge(b, toG, 13)).toEqual([]);
  });

  it.each([
    ["MLDv1", mldReportV1(G6), mldDone(G6)],
    ["MLDv2", mldReportV2(CHANGE_TO_EXCLUDE, G6), mldReportV2(CHANGE_TO_INCLUDE, G6)],
  ])("does the same over IPv6: %s", (_, join, leave) => {
    const { sender, snooper, judge, a, b } = lab();
    judge(a, join, 0);
    judge(a, leave, 10);
    expect(sender.take()).toMatchObject([{ to: "a", destination: G6, message: { group: G6 } }]);
    snooper.tick(11);
    snooper.tick(12);
    expect(judge(b, toG6, 12)).toEqual([]);
  });

  it("changes nothing if another host behind the port answers", () => {
    const { snooper, judge, a, b } = lab();
    judge(a, reportV2(G), 0);
    judge(a, leaveV2(G), 10);
    judge(a, reportV2(G), 10.7);
    for (const now of [11, 12, 13, 14]) snooper.tick(now);
    expect(judge(b, toG, 14)).toEqual(["a"]);
  });

  it("goes unheeded while a host of IGMPv1 is there", () => {
    const { sender, snooper, judge, a, b } = lab();
    judge(a, reportV1(G), 0);
    judge(a, leaveV2(G), 10);
    expect(sender.take()).toEqual([]);
    for (const now of [11, 12, 13]) snooper.tick(now);
    expect(judge(b, toG, 13)).toEqual(["a"]);
  });

  it("is asked about by the hub also when another is querier", () => {
    const { sender, snooper, judge, a, b, c } = lab();
    judge(c, queryV2(ROUTER), 0);
    judge(a, reportV2(G), 0);
    expect(judge(a, leaveV2(G), 10)).toEqual(["c"]);
    expect(sender.takeIgmp()).toEqual(["a group"]);
    snooper.tick(11);
    snooper.tick(12);
    expect(judge(b, toG, 12)).toEqual(["c"]);
  });
});

describe("reports, leaves and queries", () => {
  it.each([
    ["a v2 report", reportV2(G), ["b"], "report"],
    ["a v2 leave", leaveV2(G), ["b"], "report"],
    ["a v3 report", reportV3(CHANGE_TO_EXCLUDE, G), ["b"], "report"],
    ["an MLDv1 report", mldReportV1(G6), ["b"], "report"],
    ["an MLDv2 report", mldReportV2(CHANGE_TO_EXCLUDE, G6), ["b"], "report"],
    ["a done", mldDone(G6), ["b"], "report"],
    ["an IGMP query", queryV2(ROUTER), "flood", "query"],
    ["an MLD query", mldQuery(ROUTER6), "flood", "query"],
    ["data", toG, "flood", "data"],
  ])("go where they should and are told from data: %s", (_, frame, receivers, judged) => {
    const { snooper, judge, a, b } = lab();
    judge(b, queryV2(ROUTER));
    expect(judge(a, frame)).toEqual(receivers);
    expect(snooper.judged).toBe(judged);
  });

  it("that are damaged or in fragments go to routers only, and teach nothing", () => {
    const { snooper, judge, a, b } = lab();
    judge(b, queryV2(ROUTER));
    const report = reportV2(G);
    const last = report.length - 1;
    const mld = mldReportV1(G6);
    for (const frame of [
      report.with(last, (report[last] ?? 0) ^ 1),
      reportV2(G, { fragmentOffset: 1 }),
      mld.with(mld.length - 1, 0x77),
      mldReportV1(G6, { hopLimit: 64 }),
      mldReportV1(G6, { source: ipv6("2001:db8::1") }),
    ]) {
      expect(judge(a, frame)).toEqual(["b"]);
    }
    expect([...snooper.groups()]).toEqual([]);
  });

  it("of kinds unknown go everywhere", () => {
    const { judge, a } = lab({ floodUnregistered: false });
    expect(judge(a, igmpFrame(0x30, G))).toBe("flood");
  });
});

describe("a router port", () => {
  it("is learnt from a query, gets unregistered groups too, and is forgotten after 255 seconds", () => {
    const { snooper, judge, a, b, c } = lab({ floodUnregistered: false });
    expect(judge(b, toG)).toEqual([]);
    judge(c, queryV2(ROUTER), 0);
    expect([...snooper.routerPorts]).toEqual([c]);
    expect(judge(b, toG)).toEqual(["c"]);
    judge(a, reportV2(G), 1);
    expect(judge(b, toG)).toEqual(["a", "c"]);
    snooper.tick(254);
    expect(judge(b, toG, 254)).toEqual(["a", "c"]);
    snooper.tick(255);
    expect(judge(b, toG, 255)).toEqual(["a"]);
  });

  it("is learnt from PIM hellos over IPv4 and IPv6, for as long as they hold", () => {
    for (const hello of [pimFrame, pimFrame6]) {
      const { snooper, judge, b, c } = lab({ floodUnregistered: false });
      judge(c, hello(30), 0);
      expect(judge(b, toG6)).toEqual(["c"]);
      snooper.tick(30);
      expect(judge(b, toG6, 30)).toEqual([]);
      const damaged = hello(30);
      expect(judge(c, damaged.with(damaged.length - 1, 31), 31)).not.toEqual(["c"]);
      expect([...snooper.routerPorts]).toEqual([]);
    }
  });

  it("is not learnt from a switch's query, from 0.0.0.0, nor from one to the wrong address", () => {
    const { snooper, judge, c } = lab();
    for (const query of [
      queryV2(0),
      queryV2(ROUTER, { destination: G }),
      mldQuery(ROUTER6, { destination: G6 }),
      mldQuery(0n),
      mldQuery(ipv6("2001:db8::1")),
    ]) {
      judge(c, query);
    }
    expect([...snooper.routerPorts]).toEqual([]);
    expect(snooper.otherQueriers).toEqual({ igmp: undefined, mld: undefined });
  });
});

describe("the hub's querier", () => {
  it("falls silent for a router's and resumes 255 seconds after it was heard last", () => {
    const { sender, snooper, judge, c } = lab();
    judge(c, queryV2(ROUTER), 0);
    judge(c, mldQuery(ROUTER6), 0);
    expect(snooper.otherQueriers).toEqual({ igmp: "10.0.0.1", mld: "fe80::1" });
    for (let now = 1; now < 255; now++) snooper.tick(now);
    expect(sender.take()).toEqual([]);
    snooper.tick(255);
    expect(sender.take()).toHaveLength(2);
    expect(snooper.otherQueriers).toEqual({ igmp: undefined, mld: undefined });
  });

  it("wins over a router with a higher address if it has one", () => {
    const { snooper, judge, c } = lab({ address: ipv4("10.0.0.1") });
    judge(c, queryV2(ipv4("10.0.0.2")), 0);
    expect(snooper.otherQueriers.igmp).toBeUndefined();
    expect([...snooper.routerPorts]).toEqual([c]);
  });

  it("asks a port that has come at once", () => {
    const { sender, snooper, a } = lab();
    snooper.attach(a);
    expect(sender.take()).toMatchObject([
      { to: "a", message: { group: 0, maxResponseMs: 1000 } },
      { to: "a", message: { group: 0n, maxResponseMs: 1000 } },
    ]);
  });
});

describe("what always goes everywhere", () => {
  it.each(
    ["224.0.0.1", "224.0.0.5", "224.0.0.251", "224.0.0.255", "239.255.255.250"].map((group) => [group]),
  )("%s, even with a member", (group) => {
    const { snooper, judge, a, b } = lab({ floodUnregistered: false });
    judge(a, reportV2(ipv4(group)));
    expect(judge(b, ipv4Frame({ destination: ipv4(group) }))).toBe("flood");
    expect([...snooper.groups()]).toEqual([]);
  });

  it.each(["ff02::1", "ff02::c", "ff02::fb", "ff05::c", "ff05::fb"].map((group) => [group]))(
    "%s, even with a member",
    (group) => {
      const { snooper, judge, a, b } = lab({ floodUnregistered: false });
      judge(a, mldReportV1(ipv6(group)));
      expect(judge(b, ipv6Frame({ destination: ipv6(group) }))).toBe("flood");
      expect([...snooper.groups()]).toEqual([]);
    },
  );

  it("what is not IP multicast: other EtherTypes, and unicast addresses behind a group's MAC", () => {
    const { judge, a } = lab({ floodUnregistered: false });
    const arp = new Uint8Array(60);
    encodeEthernet(arp, 0, { destination: 0x0100_5e01_0203, source: 1, tags: [], etherType: ETHERTYPE_ARP });
    expect(judge(a, arp)).toBe("flood");
    expect(judge(a, ipv4Frame({ destination: ipv4("10.0.0.9") }))).toBe("flood");
    expect(judge(a, ipv6Frame({ destination: ipv6("2001:db8::9") }))).toBe("flood");
  });
});

describe("a solicited-node group", () => {
  const target = ipv6("ff02::1:ff00:9");

  it("goes to the ports that reported it", () => {
    const { judge, a, b } = lab();
    judge(a, mldReportV2(CHANGE_TO_EXCLUDE, target));
    expect(judge(b, solicitation(target))).toEqual(["a"]);
  });

  it("goes everywhere while it has no member, even if unregistered groups do not, and again after its last member", () => {
    const { snooper, judge, a, b } = lab({ floodUnregistered: false });
    expect(judge(b, solicitation(target))).toBe("flood");
    judge(a, mldReportV1(target));
    snooper.detach(a);
    expect(judge(b, solicitation(target))).toBe("flood");
  });
});

describe("a group in a VLAN", () => {
  const tags = [tag(20)];
  const stacked = [tag(7, true), tag(20)];

  it.each([
    ["one tag", tags, [20]],
    ["two tags", stacked, [7, 20]],
  ])("has members of its own: behind %s", (_, stack, vlans) => {
    const { snooper, judge, a, b } = lab();
    judge(a, reportV2(G));
    judge(b, reportV2(G, { tags: stack }));
    expect(judge(a, ipv4Frame({ destination: G, tags: stack }))).toEqual(["b"]);
    expect(judge(b, toG)).toEqual(["a"]);
    expect([...snooper.groups()]).toEqual([
      { group: "239.1.2.3", vlans: [], ports: [a] },
      { group: "239.1.2.3", vlans, ports: [b] },
    ]);
    expect(snooper.groupCount).toBe(2);
  });

  it("is asked for in that VLAN, with its tags", () => {
    const { sender, snooper, judge, a, c } = lab();
    judge(a, reportV2(G, { tags: stacked }), 0);
    snooper.tick(0);
    expect(sender.take().map(({ vlans }) => vlans)).toEqual([[], [], [7, 20], [7, 20]]);
    judge(a, leaveV2(G, { tags: stacked }), 1);
    expect(sender.take()).toMatchObject([{ to: "a", vlans: [7, 20], message: { group: G } }]);
    snooper.attach(c);
    expect(sender.take().filter(({ vlans }) => vlans.length === 2)).toHaveLength(2);
  });

  it("is the untagged one behind a tag of priority only", () => {
    const { judge, a, b } = lab();
    judge(a, reportV2(G, { tags: [tag(0)] }));
    expect(judge(b, toG)).toEqual(["a"]);
    expect(judge(b, ipv4Frame({ destination: G, tags: [tag(0)] }))).toEqual(["a"]);
  });

  it("goes everywhere behind three tags, because the snooper does not look behind them", () => {
    const { snooper, judge, a, b } = lab({ floodUnregistered: false });
    const three = [tag(1), tag(2), tag(3)];
    expect(judge(a, reportV2(G, { tags: three }))).toBe("flood");
    expect(judge(b, ipv4Frame({ destination: G, tags: three }))).toBe("flood");
    expect([...snooper.groups()]).toEqual([]);
  });

  it("is forgotten with its VLAN when nothing is heard there any more", () => {
    const { sender, snooper, judge, a } = lab();
    judge(a, reportV2(G, { tags }), 0);
    for (let now = 0; now <= 600; now++) snooper.tick(now);
    sender.take();
    snooper.attach(a);
    expect(sender.take().map(({ vlans }) => vlans)).toEqual([[], []]);
  });

  it("can be had of sixteen VLANs by one port, which leaves the others theirs", () => {
    const { snooper, judge, a, b } = lab();
    const one = (vlan: number) => ({ tags: [tag(vlan)] });
    for (let vlan = 1; vlan <= MAX_DOMAINS_PER_PORT + 5; vlan++) judge(a, reportV2(G, one(vlan)));
    expect(snooper.groupCount).toBe(MAX_DOMAINS_PER_PORT);
    judge(b, reportV2(G, one(1000)));
    expect(judge(a, ipv4Frame({ destination: G, ...one(1000) }))).toEqual(["b"]);
    expect(judge(b, ipv4Frame({ destination: G, ...one(MAX_DOMAINS_PER_PORT + 1) }))).toBe("flood");
  });
});

describe("many VLANs", () => {
  const VLANS = 200;

  function crowded() {
    const all = lab();
    for (let vlan = 1; vlan <= VLANS; vlan++) {
      const port = new KeepingPort(`port${vlan}`);
      all.judge(port, reportV2(G, { tags: [tag(vlan)] }));
    }
    return all;
  }

  it("are asked by and by, some each second, and all of them before it begins anew", () => {
    const { sender, snooper } = crowded();
    const asked = new Set<string>();
    for (let now = 0; now < 20; now++) {
      snooper.tick(now);
      const queries = sender.take();
      expect(queries.length).toBeLessThanOrEqual(QUERIES_PER_TICK + 2);
      for (const { vlans } of queries) asked.add(vlans.join());
    }
    expect(asked.size).toBe(VLANS + 1);
  });

  it("are what a port is greeted about some a second, once for all that comes meanwhile", () => {
    const { sender, snooper, a } = crowded();
    for (let now = 0; now < 60; now++) snooper.tick(now);
    sender.take();
    const seen: string[] = [];
    let most = 0;
    for (let now = 60; now < 90; now++) {
      // As at every move of a MAC address.
      if (now < 70) for (let i = 0; i < 100; i++) snooper.greet(a);
      snooper.tick(now);
      const queries = sender.take().filter(({ to }) => to === "a");
      most = Math.max(most, queries.length);
      seen.push(...queries.map(({ vlans }) => vlans.join()));
    }
    expect(most).toBeLessThanOrEqual(2 * (2 * GREETED_PER_TICK + 1));
    expect(new Set(seen).size).toBe(VLANS + 1);
    // Twice: one greeting, and one more for all that came while it went on. IGMP and MLD each.
    expect(seen).toHaveLength(2 * 2 * (VLANS + 1));
    snooper.greet(a);
    snooper.detach(a);
    sender.take();
    snooper.tick(90);
    expect(sender.take().filter(({ to }) => to === "a")).toEqual([]);
  });
});

describe("a segment whose tenant has no room left", () => {
  it("keeps nothing more, has those concerned get everything, and says so", () => {
    const budget = new Budget(10);
    const told: string[] = [];
    const { judge, a, b, c, snooper } = lab({
      floodUnregistered: false,
      budget,
      full: (port) => void told.push(port.id),
    });
    for (let i = 0; i < 20; i++) judge(a, reportV2(ipv4("238.0.0.0") + i));
    expect(budget.used).toBe(10);
    judge(b, reportV2(G));
    judge(b, reportV2(G, { tags: [tag(7)] }));
    judge(c, queryV2(ROUTER));
    expect(new Set(told)).toEqual(new Set(["a", "b"]));
    expect(judge(a, toG)).toEqual(["a", "b", "c"]);
    expect(judge(a, ipv4Frame({ destination: G, tags: [tag(7)] }))).toBe("flood");
    for (const port of [a, b, c]) snooper.detach(port);
    for (let now = 0; now < 600; now++) snooper.tick(now);
    expect(budget.used).toBe(0);
  });

  it("keeps to whom groups go for some groups only, however many ports get everything", () => {
    const budget = new Budget(4_000);
    const { judge, a, snooper } = lab({ budget });
    for (let i = 0; i < 1_000; i++) judge(a, reportV2(ipv4("238.0.0.0") + i));
    for (let i = 0; i < 500; i++) judge(new KeepingPort(`router${i}`), queryV2(ROUTER));
    const before = budget.used;
    for (let i = 0; i < 1_000; i++) {
      expect(judge(a, ipv4Frame({ destination: ipv4("238.0.0.0") + i }))).toHaveLength(501);
    }
    expect(budget.used - before).toBeLessThanOrEqual(MAX_GROUPS_PER_PORT);
    expect(budget.used - before).toBeGreaterThan(MAX_GROUPS_PER_PORT / 2);
    snooper.tick(600);
    expect(budget.used).toBeLessThan(1_100);
  });
});

describe("a port in more groups than there is room for", () => {
  it("gets everything, and takes nothing from the others", () => {
    const { snooper, judge, a, b, c } = lab({ floodUnregistered: false });
    judge(b, reportV2(G));
    for (let i = 0; i <= MAX_GROUPS_PER_PORT; i++) judge(a, reportV2(ipv4("238.0.0.0") + i));
    expect(judge(c, toG)).toEqual(["a", "b"]);
    expect(judge(c, ipv4Frame({ destination: ipv4("237.0.0.1") }))).toEqual(["a"]);
    // Not reports, though: it is no router.
    expect(judge(c, reportV2(G))).toEqual([]);
    snooper.tick(260);
    expect(judge(c, ipv4Frame({ destination: ipv4("237.0.0.1") }), 260)).toEqual([]);
  });
});

describe("a group frame of any bytes", () => {
  it("is judged without a throw, and by nothing behind its end", () => {
    const frames = fc.constantFrom(
      ...[reportV2(G), reportV3(CHANGE_TO_EXCLUDE, G, [1, 2]), mldReportV2(MODE_IS_EXCLUDE, G6, [1n])],
      ...[mldQuery(ROUTER6), queryV2(ROUTER), pimFrame(3), pimFrame6(3), toG, toG6],
      reportV2(G, { tags: [tag(7, true), tag(20)] }),
    );
    fc.assert(
      fc.property(fc.array(hostileBytes(frames), { maxLength: 8 }), (list) => {
        const outcomes = [0x00, 0xff].map((filler) => {
          const { snooper, a, b } = lab();
          const judged = list.map((frame, index) => {
            const bytes = new Uint8Array(frame.length + 64).fill(filler);
            bytes.set(frame);
            const receivers = snooper.judge(
              index % 2 === 0 ? a : b,
              new FrameView().read(bytes, 0, frame.length),
              index,
            );
            return receivers === "flood" ? receivers : [...receivers].map((port) => port.id);
          });
          snooper.tick(10);
          return { judged, groups: [...snooper.groups()].map(({ group, vlans }) => ({ group, vlans })) };
        });
        expect(outcomes[1]).toEqual(outcomes[0]);
      }),
      { numRuns: 300 },
    );
  });
});
