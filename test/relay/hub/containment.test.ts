// What throws behind a port costs its frame: the next one passes, and the log is told where it was.
import { setImmediate as turn } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { HubHostPort } from "../../../relay/hub/host/host-port.ts";
import { networkHost } from "../../../relay/hub/host/network-host.ts";
import { portConfig } from "../../../relay/hub/ports/config.ts";
import { Endpoints } from "../../../relay/hub/ports/endpoints.ts";
import { type OpenPort, openPort, type PortSurroundings } from "../../../relay/hub/ports/open-port.ts";
import { UnderlayPort } from "../../../relay/hub/ports/underlay-port.ts";
import { Router } from "../../../relay/hub/router/router.ts";
import { encodeGre } from "../../../shared/frame/encapsulation/gre.ts";
import { writeVxlan } from "../../../shared/frame/encapsulation/vxlan.ts";
import { encodeEthernet } from "../../../shared/frame/ethernet.ts";
import { encodeIpv4 } from "../../../shared/frame/ip/ipv4.ts";
import { encodeUdp, sealUdp } from "../../../shared/frame/ip/udp.ts";
import { type Contained, Containment } from "../../../shared/switch/containment.ts";
import { NeighbourSuppressor } from "../../../shared/switch/neighbours/suppressor.ts";
import { hubMac } from "../../../shared/switch/policy/hub-policy.ts";
import { Segment } from "../../../shared/switch/segment.ts";
import { BROADCAST, frameBytes, KeepingPort, receive } from "../../shared/switch/ports.ts";
import { Office } from "./host/office.ts";
import { type FakeSocket, FakeUnderlay } from "./ports/fake-underlay.ts";

const VNI = 101;
const MAC = 0x0200_0000_0001;
const CLIENT = 0x0200_0000_0002;
const REMOTE = "192.0.2.1";
/** 10.20.0.1 is the hub, 10.20.0.7 a machine of the network, 10.30.0.9 at the other site. */
const [HUB_ADDRESS, HERE, FAR] = [0x0a14_0001, 0x0a14_0007, 0x0a1e_0009];

const broken = () => {
  throw new TypeError("a mistake of ours");
};

describe("an error behind a port", () => {
  let now: number;
  let segment: Segment;
  let client: KeepingPort;
  let underlay: FakeUnderlay;
  let reports: Contained[];
  let surroundings: PortSurroundings;

  beforeEach(() => {
    now = 0;
    const clock = () => now;
    segment = new Segment(VNI, clock);
    client = new KeepingPort("client");
    segment.attach(client);
    underlay = new FakeUnderlay();
    reports = [];
    const report = (contained: Contained) => void reports.push(contained);
    const endpoints = new Endpoints({ report, clock });
    surroundings = { underlay, endpoints, policy: { current: undefined }, report, clock };
  });

  function open(config: object, router?: Router): Promise<OpenPort> {
    const more = router === undefined ? {} : { router: () => router };
    return openPort("port", portConfig.parse(config), segment, { ...surroundings, ...more });
  }

  function socket(): FakeSocket {
    const [first] = underlay.sockets.values();
    if (first === undefined) throw new Error("no socket was opened");
    return first;
  }

  /** Has a method throw until what is returned is called. */
  function breakIn<Owner extends object>(owner: Owner, method: keyof Owner & string): () => void {
    Object.defineProperty(owner, method, { value: broken, configurable: true });
    return () => Reflect.deleteProperty(owner, method);
  }

  function vxlan(): Uint8Array {
    const packet = Uint8Array.of(...new Array<number>(8).fill(0), ...frameBytes(BROADCAST, MAC));
    writeVxlan(packet, 0, VNI);
    return packet;
  }

  function ip(source: number, destination: number): Uint8Array {
    const packet = new Uint8Array(60);
    encodeIpv4(packet, 0, { source, destination, protocol: 253, payloadLength: 40 });
    return packet;
  }

  function gre(packet: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(4 + packet.length);
    bytes.set(packet, encodeGre(bytes, 0, { protocol: 0x0800 }));
    return bytes;
  }

  it("costs the frame that came out of a tunnel", async () => {
    const { port } = await open({ kind: "vxlan", remotes: [REMOTE] });
    const mend = breakIn(segment, "forward");
    for (let i = 0; i < 3; i++) socket().receive(vxlan(), REMOTE);
    expect(port.drops.toJSON()).toEqual({ "internal-error": 3 });
    expect(reports).toEqual([{ error: expect.any(TypeError), at: "port", vni: VNI, count: 1 }]);
    mend();
    socket().receive(vxlan(), REMOTE);
    expect(client.frames).toHaveLength(1);
  });

  it("costs no more when it is thrown at the end of a turn, or where a socket tells what became of a packet", async () => {
    const { port } = await open({ kind: "vxlan", remotes: [REMOTE] });
    const mend = breakIn(segment, "flush");
    socket().receive(vxlan(), REMOTE);
    await turn();
    expect(port.drops.of("internal-error")).toBe(1);
    mend();
    if (!(port instanceof UnderlayPort)) throw new Error("it is in no segment");
    const settle: ((error: Error | null) => void)[] = [];
    socket().send = (_to, _header, _payload, _flow, sent) => void settle.push(sent);
    receive(segment, client, frameBytes(BROADCAST, CLIENT));
    // A socket that tells of a packet again and again drops references that are not there.
    for (const sent of settle) for (let i = 0; i < 3; i++) sent(null);
    expect(port.drops.of("internal-error")).toBe(2);
    const repaired = breakIn(segment.table, "lookup");
    port.tend();
    repaired();
  });

  it("costs the packet, where its socket is shared and no port has it yet", async () => {
    const { port, endpoint } = await open({ kind: "vxlan", remotes: [REMOTE] });
    const mend = breakIn(endpoint, "received");
    socket().receive(vxlan(), REMOTE);
    mend();
    expect(endpoint.drops.toJSON()).toEqual({ "internal-error": 1 });
    expect(reports).toMatchObject([{ at: "vxlan 0.0.0.0 4789" }]);
    expect(port.drops.toJSON()).toEqual({});
  });

  describe("in a router", () => {
    let router: Router;
    let neighbours: NeighbourSuppressor;
    let port: OpenPort;

    beforeEach(async () => {
      const [mac, clock] = [hubMac(VNI), () => now];
      neighbours = new NeighbourSuppressor({ mac, sender: segment, notice: () => {} });
      router = new Router({
        ...{ segment, mac, mtu: 1_500, clock, neighbours: () => neighbours },
        ...{ own() {}, disown() {}, isOwn: (address) => address === HUB_ADDRESS },
        serve: broken,
        report: (contained) => reports.push(contained),
      });
      const config = { kind: "gre", mode: "routed", remotes: [REMOTE] };
      port = await open({ ...config, gateways: ["10.20.0.1/24"], routes: ["10.30.0.0/16"] }, router);
    });

    it("costs the packet that came out of the tunnel", () => {
      socket().receive(gre(ip(FAR, HUB_ADDRESS)), REMOTE);
      expect(port.port.drops.toJSON()).toEqual({ "internal-error": 1 });
      expect(reports).toMatchObject([{ at: "port", vni: VNI }]);
    });

    it("costs the packets that waited for an address, and not the machine's word that has it", () => {
      socket().receive(gre(ip(FAR, HERE)), REMOTE);
      socket().receive(gre(ip(FAR, HERE)), REMOTE);
      neighbours.register(client, CLIENT, ["10.20.0.7"], now);
      const mend = breakIn(segment, "toPort");
      router.heard(HERE);
      mend();
      expect(port.port.drops.toJSON()).toEqual({ "internal-error": 2 });
      expect(reports).toMatchObject([{ at: "router", vni: VNI, count: 1 }]);
      socket().receive(gre(ip(FAR, HERE)), REMOTE);
      segment.flush();
      expect(client.frames.length).toBeGreaterThan(0);
    });

    it("costs a tick", async () => {
      socket().receive(gre(ip(FAR, HERE)), REMOTE);
      now = 5;
      const mends = [breakIn(segment, "toAll"), breakIn(segment, "flush")];
      await turn();
      router.tick();
      for (const mend of mends) mend();
      expect(reports).toMatchObject([{ at: "router" }]);
    });
  });

  describe("in the hub as a machine", () => {
    /** A question to the hub's name server. */
    function question(): number[] {
      const bytes = new Uint8Array(14 + 20 + 8 + 40);
      const ethernet = { destination: hubMac(VNI), source: CLIENT, tags: [], etherType: 0x0800 };
      const at = encodeEthernet(bytes, 0, ethernet);
      const packet = { source: HERE, destination: HUB_ADDRESS, protocol: 17, payloadLength: 48 };
      const udp = encodeIpv4(bytes, at, packet);
      encodeUdp(bytes, udp, { sourcePort: 4_000, destinationPort: 53, payloadLength: 40 });
      sealUdp(bytes, udp, HERE, HUB_ADDRESS);
      return [...bytes];
    }

    it("costs the frame that asked", () => {
      const udp = new Map([[53, { answer: broken }]]);
      const clock = () => now;
      const report = (contained: Contained) => void reports.push(contained);
      const containment = new Containment({ at: "hub", vni: VNI, report, clock });
      const options = { segment, mac: hubMac(VNI), addresses: [HUB_ADDRESS], mtu: 1_500 };
      new HubHostPort({ ...options, udp, containment, clock });
      receive(segment, client, question());
      expect(client.drops.toJSON()).toEqual({ "internal-error": 1 });
      expect(reports).toMatchObject([{ at: "hub", vni: VNI }]);
    });

    it("leaves a network its frames where names can't be given", () => {
      using office = new Office();
      const network = office.network();
      const names = office.names;
      breakIn(names, "complete");
      expect(networkHost({ network, segment, names, report: () => {}, clock: () => now })).toBeDefined();
    });
  });
});
