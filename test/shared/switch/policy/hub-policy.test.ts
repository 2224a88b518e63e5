import { describe, expect, it } from "vitest";
import { readUint16 } from "../../../../shared/frame/bytes.ts";
import { decodeEthernet, ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from "../../../../shared/frame/ethernet.ts";
import { DHCP_DISCOVER, decodeDhcp } from "../../../../shared/frame/ip/dhcp.ts";
import { decodeIpv4, PROTOCOL_UDP } from "../../../../shared/frame/ip/ipv4.ts";
import { decodeUdp, isUdpIntact } from "../../../../shared/frame/ip/udp.ts";
import { Malformed } from "../../../../shared/frame/malformed.ts";
import {
  ENCAPSULATION_BYTES,
  encapsulate,
  OFFLOAD_BYTES,
  RECORD_OFFLOAD,
} from "../../../../shared/protocol/record.ts";
import {
  LOOP_PROBE_GROUP,
  QUIET_SECONDS,
  RETRY_SECONDS,
} from "../../../../shared/switch/guards/loop-detector.ts";
import { hubMac } from "../../../../shared/switch/policy/hub-policy.ts";
import { Block } from "../../../../shared/tunnel/block.ts";
import { A, arpFrame, B, frame, icmp6, ip4, ip6, over4, over6, udp } from "../guards/frames.ts";
import { HOST_MAC, ipv4, ipv4Frame, queryV2, reportV2 } from "../multicast/frames.ts";
import { BROADCAST, frameBytes } from "../ports.ts";
import { HUB, LabPort, PolicyLab } from "./policy-lab.ts";

const C = 0x020000000003;
const LLDP = 0x0180c200000e;
const PAUSE = 0x0180c2000001;
const SPANNING_TREE = 0x0180c2000000;
const GROUP = ipv4("239.1.2.3");
const tcp = new Uint8Array(20);

const tcp4 = (from: number, to: number) => over4(tcp, { from, to, protocol: 6 });
const tcp6 = (from: number, to: number) => over6(tcp, { from, to, protocol: 6 });
const dhcpDiscover = (from = A) => over4(udp(68, 67, [1]), { from, source: 0 });
const dhcpOffer = (from = B) => over4(udp(67, 68, [2]), { from, source: ip4("10.0.0.1") });
const routerAdvertisement = (from = B) => over6(icmp6(134), { from, to: 0x333300000001 });
const stream = () => ipv4Frame({ source: ip4("10.0.0.1"), destination: GROUP });
const broadcast = (from: number) => frameBytes(BROADCAST, from);

/** Returns the fields of a frame with a DHCP message. */
function readDhcp(frame: readonly number[]): object {
  const bytes = Uint8Array.from(frame);
  const ethernet = decodeEthernet(bytes, 0, bytes.length);
  if (ethernet instanceof Malformed) throw ethernet;
  const ip = decodeIpv4(bytes, ethernet.payload, bytes.length);
  if (ip instanceof Malformed) throw ip;
  const datagram = decodeUdp(bytes, ip.payload, ip.end);
  if (datagram instanceof Malformed || !isUdpIntact(bytes, ip.payload, ip.end, ip.source, ip.destination)) {
    throw new Error("no whole datagram");
  }
  const dhcp = decodeDhcp(bytes, datagram.payload, datagram.end);
  if (dhcp instanceof Malformed) throw dhcp;
  return { from: ethernet.source, op: dhcp.operation, type: dhcp.messageType, client: dhcp.clientMac };
}

/** Bridges two ports: what the hub sends out of one comes in at the other, and the other way round. */
function bridge(lab: PolicyLab, one: number, other: number): void {
  const [outOfOne, outOfOther] = [lab.at(one).take(), lab.at(other).take()];
  for (const bytes of [...outOfOne.hub, ...outOfOne.machines]) lab.send(other, bytes);
  for (const bytes of [...outOfOther.hub, ...outOfOther.machines]) lab.send(one, bytes);
}

/** A lab in which ports 1 and 2 were bridged, and 2, the newer, was cut off. */
function looped(): PolicyLab {
  const lab = new PolicyLab();
  lab.send(0, broadcast(A));
  bridge(lab, 1, 2);
  lab.pass(1);
  bridge(lab, 1, 2);
  return lab;
}

describe("a hub", () => {
  it("has its own address in each segment, with the VNI in it", () => {
    expect(hubMac(0xabcdef)).toBe(0x024c4eabcdef);
    expect(HUB).toBe(0x024c4e000065);
  });

  it("sends nothing to machines without groups that do not move", () => {
    const lab = new PolicyLab();
    for (const i of [0, 1, 2]) lab.send(i, broadcast(A + i));
    lab.pass(300);
    for (const i of [0, 1, 2]) expect(lab.at(i).take().hub).toEqual([]);
  });

  it("consumes frames to its own address without flooding them", () => {
    const lab = new PolicyLab();
    expect(lab.reach(0, frameBytes(HUB, A))).toEqual([]);
    expect(lab.reach(0, tcp4(A, HUB))).toEqual([]);
    expect(lab.drops).toEqual({ answered: 2 });
  });

  it("asks its parts in order, so the first that drops a frame counts it", () => {
    const lab = new PolicyLab({
      settings: {
        ethertypes: "deny:0x86dd,0x88b5",
        source_binding: true,
        storm_multicast: 1,
        dhcp_guard: "on",
        ra_guard: "on",
      },
    });
    const reason = (bytes: ArrayLike<number>) => {
      const before = lab.drops;
      lab.send(0, bytes);
      const after = lab.drops;
      return Object.keys(after).filter((key) => after[key] !== before[key]);
    };
    expect(reason(frameBytes(LLDP, A))).toEqual(["link-local"]);
    expect(reason(routerAdvertisement())).toEqual(["ethertype"]);
    expect(reason(routerAdvertisement())).toEqual(["storm-multicast"]);
    lab.pass(1);
    expect(reason(frameBytes(0x010000000001, A))).toEqual(["ethertype"]);
    expect(reason(dhcpOffer(B))).toEqual(["source-binding"]);
    lab.policy.bind(lab.at(0), [{ mac: B, addresses: [ip4("10.0.0.1")] }]);
    expect(reason(dhcpOffer(B))).toEqual(["dhcp-guard"]);
    expect(reason(dhcpDiscover(B))).toEqual(["no-group-member"]);
  });

  it("learns nothing from refused frames", () => {
    const lab = new PolicyLab({ settings: { dhcp_guard: "on", ethertypes: "deny:0x0806" } });
    lab.send(0, frameBytes(LLDP, A));
    lab.send(0, dhcpOffer(B));
    lab.send(0, arpFrame({ from: C, senderMac: C }));
    expect(lab.segment.table.size).toBe(0);
    expect([...(lab.policy.suppressor?.entries() ?? [])]).toEqual([]);
  });
});

describe("link-local control frames", () => {
  it("are dropped by a switch and passed by a wire", () => {
    for (const to of [LLDP, SPANNING_TREE]) {
      const lab = new PolicyLab();
      expect(lab.reach(0, frameBytes(to, A))).toEqual([]);
      expect(lab.drops).toEqual({ "link-local": 1 });
      const wire = new PolicyLab({ wire: true });
      expect(wire.reach(0, frameBytes(to, A))).toEqual([1, 2]);
    }
  });

  it("that stop a link are dropped by a wire too, because they concern one link", () => {
    for (const wire of [true, false]) {
      const lab = new PolicyLab({ wire });
      expect(lab.reach(0, frameBytes(PAUSE, A))).toEqual([]);
      expect(lab.drops).toEqual({ "link-local": 1 });
    }
  });
});

describe("a wire", () => {
  it("answers, queries and filters nothing by default", () => {
    const lab = new PolicyLab({
      wire: true,
      settings: { dhcp_guard: "on", ra_guard: "on", unregistered_multicast: "drop" },
    });
    lab.send(1, arpFrame({ from: B, senderMac: B, senderAddress: ip4("10.0.0.9") }));
    for (const bytes of [
      arpFrame(),
      dhcpDiscover(),
      dhcpOffer(C),
      routerAdvertisement(C),
      reportV2(GROUP),
      stream(),
      frameBytes(HUB, A),
    ]) {
      expect(lab.reach(0, bytes)).toEqual([1, 2]);
    }
    lab.send(2, broadcast(A));
    lab.pass(200);
    for (const i of [0, 1, 2]) expect(lab.at(i).take().hub).toEqual([]);
    expect(lab.drops).toEqual({});
  });
});

describe("the DHCP guard", () => {
  it("is off while no port has the role, and turns on with the first that has it", () => {
    const lab = new PolicyLab();
    expect(lab.reach(1, dhcpOffer())).toEqual([0, 2]);
    const server = lab.plug("dhcp-server");
    expect(lab.reach(1, dhcpOffer())).toEqual([]);
    expect(lab.at(1).drops.of("dhcp-guard")).toBe(1);
    expect(lab.notices).toMatchObject([{ code: "rogue-dhcp-server", ports: [{ id: "port1" }] }]);
    expect(lab.reach(server, dhcpOffer(C))).toEqual([0, 1, 2]);
    lab.segment.detach(server);
    expect(lab.reach(1, dhcpOffer())).toEqual([]);
  });

  it("is on from the beginning if a device has the role, or from when one gets it", () => {
    expect(new PolicyLab({ granted: ["dhcp-server"] }).reach(1, dhcpOffer())).toEqual([]);
    const lab = new PolicyLab({ granted: ["router"] });
    expect(lab.reach(1, dhcpOffer())).toEqual([0, 2]);
    lab.policy.grant(new Set(["dhcp-server"]));
    expect(lab.reach(1, dhcpOffer())).toEqual([]);
  });

  it("is on or off if the setting says so", () => {
    expect(new PolicyLab({ settings: { dhcp_guard: "on" } }).reach(1, dhcpOffer())).toEqual([]);
    const off = new PolicyLab({ settings: { dhcp_guard: "off" }, granted: ["dhcp-server"] });
    expect(off.reach(1, dhcpOffer())).toEqual([0, 2]);
  });

  it("sends clients' broadcasts to servers only, even if there is none now", () => {
    const lab = new PolicyLab();
    expect(lab.reach(0, dhcpDiscover())).toEqual([1, 2]);
    const server = lab.plug("dhcp-server");
    expect(lab.reach(0, dhcpDiscover())).toEqual([3]);
    expect(lab.reach(0, over6(udp(546, 547, [1]), { from: A, protocol: PROTOCOL_UDP }))).toEqual([3]);
    expect(lab.reach(server, dhcpDiscover(C))).toEqual([]);
    lab.segment.detach(server);
    expect(lab.reach(0, dhcpDiscover())).toEqual([]);
    expect(lab.at(0).drops.of("no-group-member")).toBe(1);
  });

  it("probes ports without the role once machines ask, and reports servers there", () => {
    const lab = new PolicyLab({ granted: ["dhcp-server"] });
    const server = lab.plug("dhcp-server");
    const asked = () => [0, 1, 2, 3].filter((i) => lab.at(i).take().hub.length > 0);
    lab.pass(4_000);
    expect(asked()).toEqual([]);
    lab.reach(0, dhcpDiscover());
    lab.pass(20);
    expect(asked()).toEqual([]);
    lab.pass(20);
    const [question = []] = lab.at(1).take().hub;
    expect(readDhcp(question)).toEqual({ from: HUB, op: 1, type: DHCP_DISCOVER, client: HUB });
    expect(asked()).toEqual([0, 2]);
    expect(lab.reach(1, over4(udp(67, 68, [2]), { from: B, to: HUB }))).toEqual([]);
    expect(lab.notices).toMatchObject([{ code: "rogue-dhcp-server", ports: [{ id: "port1" }] }]);
    // An hour apart, and only while machines ask.
    lab.reach(0, dhcpDiscover());
    lab.pass(3_000);
    expect(asked()).toEqual([]);
    lab.pass(4_000);
    expect(asked()).toEqual([]);
    lab.reach(0, dhcpDiscover());
    lab.pass(40);
    expect(asked()).toEqual([0, 1, 2]);
    expect(lab.at(0).drops.of("dhcp-guard")).toBe(0);
    lab.segment.detach(server);
  });

  it("probes no port while it is off", () => {
    const lab = new PolicyLab({ settings: { dhcp_guard: "off" }, granted: ["dhcp-server"] });
    lab.reach(0, dhcpDiscover());
    lab.pass(100);
    for (const i of [0, 1, 2]) expect(lab.at(i).take().hub).toEqual([]);
  });

  it("sees unicast answers too", () => {
    const lab = new PolicyLab({ granted: ["dhcp-server"] });
    lab.send(0, broadcast(A));
    expect(lab.reach(1, over4(udp(67, 68, [2]), { from: B, to: A }))).toEqual([]);
    expect(lab.reach(1, over4(udp(4_011, 68, [2]), { from: B, to: A }))).toEqual([]);
    expect(lab.reach(1, over4(udp(53, 5_353), { from: C, to: A }))).toEqual([0]);
  });
});

describe("the RA guard", () => {
  it("turns on with the first router, unless the setting says on or off", () => {
    const lab = new PolicyLab();
    expect(lab.reach(1, routerAdvertisement())).toEqual([0, 2]);
    const router = lab.plug("router");
    expect(lab.reach(1, routerAdvertisement())).toEqual([]);
    expect(lab.at(1).drops.of("ra-guard")).toBe(1);
    expect(lab.notices).toMatchObject([{ code: "rogue-router" }]);
    expect(lab.reach(router, routerAdvertisement(C))).toEqual([0, 1, 2]);
    expect(new PolicyLab({ settings: { ra_guard: "on" } }).reach(1, routerAdvertisement())).toEqual([]);
    const off = new PolicyLab({ settings: { ra_guard: "off" }, granted: ["router"] });
    expect(off.reach(1, routerAdvertisement())).toEqual([0, 2]);
  });

  it("drops unicast too", () => {
    const lab = new PolicyLab({ granted: ["router"] });
    lab.send(0, broadcast(A));
    expect(lab.reach(1, over6(icmp6(134), { from: B, to: A }))).toEqual([]);
  });
});

describe("a list of EtherTypes", () => {
  it("applies to unicast IP if it lists IP, and not otherwise", () => {
    const lab = new PolicyLab({ settings: { ethertypes: "allow:0x0800,0x0806" } });
    expect(lab.policy.isStrict).toBe(true);
    lab.send(1, tcp4(B, A));
    expect(lab.reach(0, tcp4(A, B))).toEqual([1]);
    expect(lab.reach(0, tcp6(A, B))).toEqual([]);
    expect(lab.at(0).drops.of("ethertype")).toBe(1);
    expect(new PolicyLab({ settings: { ethertypes: "deny:0x86dd" } }).reach(0, tcp6(A, B))).toEqual([]);
    for (const ethertypes of ["allow:0x0800,0x86dd", "deny:0x88b5,llc", "all"]) {
      expect(new PolicyLab({ settings: { ethertypes } }).policy.isStrict).toBe(false);
    }
    const deny = new PolicyLab({ settings: { ethertypes: "deny:0x88b5,llc" } });
    expect(deny.reach(0, broadcast(A))).toEqual([]);
    expect(deny.reach(0, tcp4(A, B))).toEqual([1, 2]);
  });
});

describe("source binding", () => {
  it("lets a port use only registered addresses, TCP included", () => {
    const lab = new PolicyLab({ settings: { source_binding: true } });
    expect(lab.policy.isStrict).toBe(true);
    expect(lab.reach(0, tcp4(A, B))).toEqual([]);
    expect(lab.policy.bind(lab.at(0), [{ mac: A, addresses: [ip4("10.0.0.1")] }])).toBe(true);
    expect(lab.reach(0, tcp4(A, B))).toEqual([1, 2]);
    expect(lab.reach(0, tcp4(C, B))).toEqual([]);
    expect(lab.reach(0, over4(tcp, { from: A, to: B, protocol: 6, source: ip4("10.0.0.2") }))).toEqual([]);
    expect(lab.drops).toEqual({ "source-binding": 3 });
    lab.segment.detach(lab.at(0));
    lab.segment.attach(lab.at(0));
    expect(lab.reach(0, tcp4(A, B))).toEqual([]);
  });

  it("is off by default", () => {
    const lab = new PolicyLab();
    expect(lab.policy.isStrict).toBe(false);
    expect(lab.policy.bind(lab.at(0), [])).toBe(true);
    expect(lab.reach(0, arpFrame({ senderMac: C, from: C }))).toEqual([1, 2]);
  });
});

describe("storm control", () => {
  it.each([
    ["storm_broadcast", "storm-broadcast", (i: number) => frameBytes(BROADCAST, A, i)],
    ["storm_multicast", "storm-multicast", (i: number) => frameBytes(0x010000000001, A, i)],
    ["storm_unknown", "storm-unknown", (i: number) => frameBytes(B, A, i)],
    ["storm_unknown", "storm-unknown", () => tcp4(A, B)],
  ] as const)("lets no more pass of its kind than %s", (setting, reason, make) => {
    const lab = new PolicyLab({ settings: { [setting]: 20 } });
    for (let i = 0; i < 30; i++) lab.send(0, make(i));
    expect(lab.at(1).count()).toBe(10);
    expect(lab.drops).toEqual({ [reason]: 20 });
    lab.send(1, frameBytes(C, 0x02000000000f));
    expect(lab.at(2).count()).toBe(11);
    lab.pass(1);
    expect(lab.notices).toMatchObject([{ code: "storm", ports: [{ id: "port0" }] }]);
    lab.send(0, make(0));
    expect(lab.at(1).count()).toBe(1);
  });

  it.each([
    ["storm_broadcast", "storm-broadcast", BROADCAST],
    ["storm_multicast", "storm-multicast", 0x010000000001],
    ["storm_unknown", "storm-unknown", B],
  ] as const)("counts a super-frame as the packets that it stands for: %s", (setting, reason, to) => {
    const lab = new PolicyLab({ settings: { [setting]: 100 }, ports: 2 });
    const able = new LabPort("able", [], true);
    lab.segment.attach(able);
    const record = new Uint8Array(OFFLOAD_BYTES + 64_000);
    record.set(frameBytes(to, A), OFFLOAD_BYTES);
    // UDP, cut into datagrams of 1,000 bytes.
    record.set([0, 5, 0, 0, 1_000 & 0xff, 1_000 >> 8, 0, 0, 0, 0], ENCAPSULATION_BYTES);
    const send = () => {
      encapsulate(record, 0, record.length, lab.segment.vni, RECORD_OFFLOAD);
      lab.segment.forward(lab.at(0), new Block(record), 0, OFFLOAD_BYTES, record.length);
    };
    for (let i = 0; i < 20; i++) send();
    expect(able.count()).toBe(1);
    expect(lab.drops[reason]).toBe(19);
    // Its 64 packets are paid off, at 100 a second, before the next one passes.
    lab.pass(1);
    send();
    expect(able.count()).toBe(1);
    lab.pass(20);
    for (let i = 0; i < 20; i++) {
      lab.pass(1);
      send();
    }
    expect(able.count()).toBeGreaterThan(10);
  });

  it("does not apply to known unicast, or without a limit", () => {
    const lab = new PolicyLab({
      settings: { storm_broadcast: 0, storm_multicast: 0, storm_unknown: 1 },
    });
    lab.send(1, broadcast(B));
    for (let i = 0; i < 100; i++) {
      lab.send(0, broadcast(A));
      lab.send(0, frameBytes(0x010000000001, A));
      lab.send(0, frameBytes(B, A));
    }
    expect(lab.at(1).count()).toBe(300);
    expect(lab.drops).toEqual({});
  });
});

describe("an address that is held because it keeps moving", () => {
  const own = ip4("10.0.0.1");
  const gratuitous = (mac: number) =>
    arpFrame({ senderMac: mac, senderAddress: own, targetAddress: own, from: mac, to: BROADCAST });

  it("moves to the newest place that announces it, and its port is not cut", () => {
    const lab = new PolicyLab({ settings: { loop_detection: false } });
    for (const i of [0, 1, 0, 1, 0, 1]) {
      lab.send(i, broadcast(A));
      lab.pass(1);
    }
    expect(lab.notices).toMatchObject([{ code: "duplicate-mac" }]);
    expect(lab.segment.table.lookup(A)).toBe(lab.at(0));
    lab.send(1, broadcast(A));
    expect(lab.drops).toMatchObject({ "duplicate-mac": 2 });
    lab.send(1, gratuitous(A));
    expect(lab.segment.table.lookup(A)).toBe(lab.at(1));
    lab.at(1).take();
    lab.send(2, frameBytes(A, B));
    expect(lab.at(1).count()).toBe(1);
  });
});

describe("unicast to an unknown address", () => {
  it("is flooded, or dropped if the setting says so", () => {
    for (const bytes of [tcp4(A, B), frameBytes(B, A)]) {
      expect(new PolicyLab().reach(0, bytes)).toEqual([1, 2]);
      const lab = new PolicyLab({ settings: { unknown_unicast: "drop" } });
      expect(lab.reach(0, bytes)).toEqual([]);
      expect(lab.drops).toEqual({ "unknown-unicast": 1 });
      lab.send(2, broadcast(B));
      expect(lab.reach(0, bytes)).toEqual([2]);
    }
  });
});

describe("neighbours", () => {
  const announce = arpFrame({
    from: B,
    senderMac: B,
    senderAddress: ip4("10.0.0.9"),
    targetAddress: ip4("10.0.0.9"),
  });

  it("are answered for, to the asker only", () => {
    const lab = new PolicyLab();
    expect(lab.reach(1, announce)).toEqual([0, 2]);
    lab.pass(5);
    for (const i of [0, 1, 2]) lab.at(i).take();
    lab.send(0, arpFrame());
    const [answer, ...more] = lab.at(0).frames;
    expect(more).toEqual([]);
    expect(readUint16(Uint8Array.from(answer ?? []), 20)).toBe(2);
    for (const i of [1, 2]) expect(lab.at(i).frames).toEqual([]);
    expect(lab.at(0).drops.toJSON()).toEqual({ answered: 1 });
  });

  it("answer for themselves if suppression is off", () => {
    const lab = new PolicyLab({ settings: { suppression: false } });
    lab.send(1, announce);
    lab.pass(5);
    expect(lab.reach(0, arpFrame())).toEqual([1, 2]);
    expect(lab.policy.suppressor).toBeUndefined();
  });
});

describe("multicast groups", () => {
  it("go to their members once a machine has joined", () => {
    const lab = new PolicyLab();
    expect(lab.reach(0, stream())).toEqual([1, 2]);
    expect(lab.reach(1, reportV2(GROUP))).toEqual([]);
    expect(lab.at(1).drops.toJSON()).toEqual({ answered: 1 });
    expect(lab.reach(0, stream())).toEqual([1]);
    expect(lab.reach(1, stream())).toEqual([]);
    expect(lab.at(1).drops.of("no-group-member")).toBe(1);
    expect(lab.reach(0, broadcast(A))).toEqual([1, 2]);
    expect(lab.reach(0, ipv4Frame({ destination: ipv4("224.0.0.251") }))).toEqual([1, 2]);
  });

  it("send their reports to routers", () => {
    const lab = new PolicyLab();
    lab.send(2, queryV2(ip4("10.0.0.250")));
    expect(lab.reach(1, reportV2(GROUP))).toEqual([2]);
    expect(lab.at(1).drops.of("answered")).toBe(0);
  });

  it("make the hub query all ports from the first report on, and each port that is new or gets a moved machine", () => {
    const lab = new PolicyLab({ settings: { loop_detection: false } });
    lab.send(0, broadcast(A));
    lab.send(1, reportV2(GROUP));
    for (const i of [0, 1, 2]) expect(lab.at(i).take().hub.length).toBeGreaterThan(0);
    expect(lab.plug().take().hub.length).toBeGreaterThan(0);
    lab.pass(2);
    for (const i of [0, 1, 2]) lab.at(i).take();
    lab.send(2, broadcast(A));
    expect(lab.at(2).take().hub.length).toBeGreaterThan(0);
    expect(lab.at(0).take().hub).toEqual([]);
    lab.policy.greet(lab.at(0));
    expect(lab.at(0).take().hub.length).toBeGreaterThan(0);
  });

  it("make the hub query a port at most once a second, however often machines move there", () => {
    const lab = new PolicyLab({ settings: { loop_detection: false } });
    lab.send(1, reportV2(GROUP));
    lab.pass(2);
    for (const i of [0, 1]) lab.at(i).take();
    for (let mac = 1; mac <= 500; mac++) {
      lab.send(1, broadcast(mac));
      lab.send(0, broadcast(mac));
    }
    const { hub } = lab.at(0).take();
    // One query of IGMP, and one of MLD.
    expect(hub).toHaveLength(2);
    lab.pass(1);
    expect(lab.at(0).take().hub).toHaveLength(2);
    lab.pass(1);
    expect(lab.at(0).take().hub).toEqual([]);
  });

  it("without members are dropped if the setting says so, and the hub queries from the beginning", () => {
    const lab = new PolicyLab({ settings: { unregistered_multicast: "drop" } });
    for (const i of [0, 1, 2]) expect(lab.at(i).take().hub.length).toBeGreaterThan(0);
    expect(lab.reach(0, stream())).toEqual([]);
    expect(lab.drops).toEqual({ "no-group-member": 1 });
  });

  it("are flooded, with their reports, if snooping is off", () => {
    const lab = new PolicyLab({ settings: { snooping: false, unregistered_multicast: "drop" } });
    expect(lab.reach(1, reportV2(GROUP))).toEqual([0, 2]);
    expect(lab.reach(0, stream())).toEqual([1, 2]);
    lab.pass(200);
    expect(lab.at(2).take().hub).toEqual([]);
  });
});

describe("a port that closes a loop", () => {
  it("is cut off if it is the newer of the two, and both get a notice", () => {
    const lab = looped();
    expect([lab.at(1).cut, lab.at(2).cut]).toEqual([false, true]);
    expect(lab.notices.filter(({ code }) => code === "loop")).toMatchObject([
      { ports: expect.arrayContaining([lab.at(1), lab.at(2)]) },
    ]);
  });

  it("receives and sends only probes", () => {
    const lab = looped();
    for (const i of [0, 2]) lab.at(i).take();
    const before = lab.at(2).drops.of("loop");
    for (const bytes of [broadcast(C), frameBytes(A, C), tcp4(C, A), reportV2(GROUP)]) lab.send(2, bytes);
    expect(lab.at(2).drops.of("loop") - before).toBe(4);
    expect([lab.at(0).count(), lab.segment.table.lookup(C)]).toEqual([0, undefined]);
    lab.send(0, broadcast(A));
    lab.send(0, frameBytes(B, A));
    lab.send(0, tcp4(A, C));
    lab.send(0, reportV2(GROUP));
    expect(lab.at(2).take()).toEqual({ machines: [], hub: [] });
    lab.pass(1);
    const { machines, hub } = lab.at(2).take();
    expect(machines).toEqual([]);
    expect(hub.length).toBeGreaterThan(0);
    for (const probe of hub) expect(probe.slice(0, 6)).toEqual(frameBytes(LOOP_PROBE_GROUP, HUB).slice(0, 6));
  });

  it("opens once the loop is gone, and stays cut until then", () => {
    const lab = looped();
    for (let i = 0; i < RETRY_SECONDS; i++) {
      lab.pass(1);
      bridge(lab, 1, 2);
    }
    expect(lab.at(2).cut).toBe(true);
    lab.pass(QUIET_SECONDS + 1);
    expect(lab.at(2).cut).toBe(false);
    expect(lab.reach(2, broadcast(C))).toEqual([0, 1]);
    expect(lab.reach(0, frameBytes(C, A))).toEqual([2]);
  });

  it("is not detected if loop detection is off", () => {
    const lab = new PolicyLab({ settings: { loop_detection: false } });
    lab.send(0, broadcast(A));
    bridge(lab, 1, 2);
    lab.pass(1);
    for (const i of [0, 1, 2]) expect(lab.at(i).take().hub).toEqual([]);
    lab.at(2).cut = true;
    lab.pass(1);
    expect(lab.at(2).cut).toBe(false);
  });
});

describe("802.1Q tags", () => {
  const tagged = (vlans: number[]) => over4(udp(1, 2, [7, 8, 9]), { from: A, vlans });

  it("pass unchanged", () => {
    expect(new PolicyLab().reach(0, tagged([5, 6]))).toEqual([1, 2]);
  });

  it("are all removed if the setting says so, also of unicast", () => {
    const lab = new PolicyLab({ settings: { vlan: "strip" } });
    expect(lab.policy.stripsTags).toBe(true);
    lab.send(0, tagged([5, 6]));
    expect(lab.at(1).take().machines).toEqual([[...tagged([])]]);
    lab.send(1, broadcast(B));
    lab.at(2).take();
    lab.send(0, over4(tcp, { from: A, to: B, protocol: 6, vlans: [0] }));
    expect(lab.at(1).take().machines).toEqual([[...tcp4(A, B)]]);
    expect(lab.at(2).count()).toBe(0);
  });

  it("hide nothing from the guards after removal, and a frame that ends before its type is dropped", () => {
    const lab = new PolicyLab({ settings: { vlan: "strip", unregistered_multicast: "drop" } });
    lab.send(0, tagged([5]).subarray(0, 16));
    expect(lab.drops).toEqual({ ethertype: 1 });
    const report = reportV2(GROUP, { tags: [{ tpid: 0x8100, priority: 0, dropEligible: false, vlan: 7 }] });
    lab.send(1, report);
    expect(lab.reach(0, stream())).toEqual([1]);
  });

  it("are removed from records with unfinished work, and the header is corrected", () => {
    const lab = new PolicyLab({ settings: { vlan: "strip" }, ports: 2 });
    const able = new LabPort("able", [], true);
    lab.segment.attach(able);
    const bytes = tagged([5]);
    const record = new Uint8Array(OFFLOAD_BYTES + bytes.length);
    // NEEDS_CSUM, no segmentation: the checksum of what begins at 38 goes 6 bytes into it.
    record.set([1, 0, 0, 0, 0, 0, 38, 0, 6, 0], ENCAPSULATION_BYTES);
    record.set(bytes, OFFLOAD_BYTES);
    encapsulate(record, 0, record.length, lab.segment.vni, RECORD_OFFLOAD);
    const headers: number[][] = [];
    able.send = ({ bytes }, start, frameAt) => headers.push([...bytes.subarray(start, frameAt)]);
    lab.segment.forward(lab.at(0), new Block(record), 0, OFFLOAD_BYTES, record.length);
    const [header] = headers;
    expect(header?.slice(0, 4)).toEqual([RECORD_OFFLOAD, 0, 0, record.length - 4 - 4]);
    expect(header?.slice(ENCAPSULATION_BYTES)).toEqual([1, 0, 0, 0, 0, 0, 34, 0, 6, 0]);
    const [plain] = lab.at(1).take().machines;
    expect(plain?.slice(0, 40)).toEqual([...tagged([]).subarray(0, 40)]);
    // The checksum was left to do for who can; for the other the hub did it.
    expect(plain?.slice(40, 42)).not.toEqual([0, 0]);
  });
});

it("the frames of these tests are what they are taken for", () => {
  expect(readUint16(tcp4(A, B), 12)).toBe(ETHERTYPE_IPV4);
  expect(readUint16(tcp6(A, B), 12)).toBe(ETHERTYPE_IPV6);
  expect(frame(0x88b5, new Uint8Array(1), { from: A })).toEqual(Uint8Array.from(frameBytes(BROADCAST, A, 0)));
  expect(HOST_MAC).toBe(A);
  expect(ip6("fe80::1")).toBe(0xfe800000000000000000000000000001n);
});
