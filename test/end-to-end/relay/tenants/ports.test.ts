// Ports on the underlay as their administrator sees them: over the API, in a real relay, with real sockets.
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { parseAddress } from "../../../../shared/frame/address.ts";
import { encodeGre } from "../../../../shared/frame/encapsulation/gre.ts";
import { decodeVxlan, writeVxlan } from "../../../../shared/frame/encapsulation/vxlan.ts";
import { encodeIcmpEcho } from "../../../../shared/frame/ip/icmp.ts";
import { decodeIpv4, encodeIpv4 } from "../../../../shared/frame/ip/ipv4.ts";
import { Malformed } from "../../../../shared/frame/malformed.ts";
import { frameBytes } from "../../../shared/switch/ports.ts";
import { RelayProcess } from "../../../support/relay/relay-process.ts";
import { NODE, sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";
import { freeUdpPort } from "../../../support/relay/udp-port.ts";
import { requires } from "../../../support/requirements.ts";

const A = 0x020000000001;
const BROADCAST = 0xffffffffffff;

interface PortView {
  readonly id: string;
  readonly state: string;
  readonly problem: string | null;
  readonly rx_frames: number;
  readonly drops: Readonly<Record<string, number>>;
  readonly vteps: readonly object[];
}

/** The other end of a tunnel: a UDP socket of this test. */
class Peer implements AsyncDisposable {
  readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
  }

  static async open(address: string): Promise<Peer> {
    const socket = createSocket("udp4");
    socket.bind(0, address);
    await once(socket, "listening");
    return new Peer(socket);
  }

  get port(): number {
    return this.socket.address().port;
  }

  send(vni: number, frame: readonly number[], port: number): void {
    const packet = Uint8Array.of(...new Array<number>(8).fill(0), ...frame);
    writeVxlan(packet, 0, vni);
    this.socket.send(packet, port, "127.0.0.1");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.socket, "close");
    this.socket.close();
    await closed;
  }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    if (await isSo()) return;
    await delay(50);
  }
  throw new Error("it did not come to it");
}

/** An echo request, in GRE. */
function echoInGre(from: string, to: string): Uint8Array {
  const packet = new Uint8Array(4 + 28);
  const [source, destination] = [from, to].map((text) => Number(parseAddress(text)));
  const fields = { source: source ?? 0, destination: destination ?? 0, protocol: 1, payloadLength: 8 };
  const at = encodeIpv4(packet, encodeGre(packet, 0, { protocol: 0x0800 }), fields);
  encodeIcmpEcho(packet, at, { kind: "request", identifier: 1, sequence: 1, data: new Uint8Array(0) });
  return packet;
}

const TUNNELS = [
  ["GRE in UDP", { kind: "gre", key: 9, over: "udp", checksum: true, sequence: true }],
  ["NVGRE in UDP", { kind: "nvgre", vsid: 5000, over: "udp" }],
  ["GRE right over IP", { kind: "gre", key: 10 }],
  ["NVGRE right over IP", { kind: "nvgre", vsid: 5001 }],
] as const;

underEachRuntime("ports on the underlay", (runtime) => {
  const relay = sharedRelay(runtime);
  const pathOf = ({ tenant, name }: { tenant: string; name: string }) =>
    `/tenants/${tenant}/networks/${name}/ports`;

  it("are created, listed, shown and deleted", async () => {
    const path = pathOf(await relay().network());
    const listen = `127.0.0.1:${await freeUdpPort()}`;
    const request = { kind: "vxlan", listen, remotes: ["127.0.0.2"], wire_vni: 7 };
    const port = (await relay().must("POST", path, request)) as PortView;
    expect(port).toMatchObject({ ...request, state: "up", problem: null, rx_frames: 0 });
    expect(await relay().must("GET", path)).toEqual([port]);
    expect(await relay().must("GET", `${path}/${port.id}`)).toEqual(port);
    await relay().must("DELETE", `${path}/${port.id}`);
    expect(await relay().must("GET", path)).toEqual([]);
    expect((await relay().api("GET", `${path}/${port.id}`)).status).toBe(404);
    expect((await relay().api("DELETE", `${path}/${port.id}`)).status).toBe(404);
    // The address is free again.
    await relay().must("POST", path, request);
  });

  it("are created and deleted only by the relay's administrator, as the audit log shows", async () => {
    const network = await relay().network();
    const path = pathOf(network);
    const { token } = (await relay().must("POST", `/tenants/${network.tenant}/admins`, {})) as {
      token: string;
    };
    const request = { kind: "vxlan", listen: `127.0.0.1:${await freeUdpPort()}`, remotes: ["127.0.0.2"] };
    expect((await relay().api("POST", path, request, token)).status).toBe(403);
    const { id } = (await relay().must("POST", path, request)) as PortView;
    expect((await relay().api("GET", `${path}/${id}`, undefined, token)).status).toBe(200);
    expect((await relay().api("DELETE", `${path}/${id}`, undefined, token)).status).toBe(403);
    await relay().must("DELETE", `${path}/${id}`);
    const object = `${network.name} ${id}`;
    const log = (await relay().must("GET", `/tenants/${network.tenant}/audit`)) as object[];
    expect(log.slice(-2)).toMatchObject([
      { actor: "relay-admin", action: "port.create", object, from: "127.0.0.1" },
      { actor: "relay-admin", action: "port.delete", object, from: "127.0.0.1" },
    ]);
  });

  it("carry frames to each other, and keep the network live, without any member", async () => {
    const network = await relay().network();
    const path = pathOf(network);
    await using left = await Peer.open("127.0.0.2");
    await using right = await Peer.open("127.0.0.3");
    const ports = [await freeUdpPort(), await freeUdpPort()];
    const views: PortView[] = [];
    for (const [index, peer] of [left, right].entries()) {
      const remotes = [`127.0.0.${index + 2}:${peer.port}`];
      const request = { kind: "vxlan", listen: `127.0.0.1:${ports[index]}`, remotes, wire_vni: 70 + index };
      views.push((await relay().must("POST", path, request)) as PortView);
    }
    const arrived = once(right.socket, "message");
    left.send(70, frameBytes(BROADCAST, A), ports[0] ?? 0);
    const [packet] = (await arrived) as [Uint8Array];
    const read = decodeVxlan(packet, 0, packet.length);
    if (read instanceof Malformed) throw new Error(read.code);
    expect(read.vni).toBe(71);
    expect([...packet.subarray(read.payload)]).toEqual(frameBytes(BROADCAST, A));
    expect(await relay().fdb(network)).toEqual(new Map([["02:00:00:00:00:01", views[0]?.id]]));
    expect(await relay().must("GET", `${path}/${views[0]?.id}`)).toMatchObject({
      rx_frames: 1,
      vteps: [{ mac: "02:00:00:00:00:01", remote: "127.0.0.2" }],
    });
    await using stranger = await Peer.open("127.0.0.4");
    stranger.send(70, frameBytes(BROADCAST, A), ports[0] ?? 0);
    await until(async () => {
      const { drops } = (await relay().must("GET", `${path}/${views[0]?.id}`)) as PortView;
      return drops["unknown-remote"] === 1;
    });
  });

  it.each(["switched", "routed"])("count against their tenant's rates: %s", async (mode) => {
    const { tenant } = await relay().network();
    await relay().must("POST", `/tenants/${tenant}/networks`, { name: "rated", subnet: "10.20.0.0/24" });
    await relay().must("PATCH", `/tenants/${tenant}/limits`, { packets_per_second: 1 });
    const path = pathOf({ tenant, name: "rated" });
    await using peer = await Peer.open("127.0.0.2");
    const udp = await freeUdpPort();
    const request = { listen: `127.0.0.1:${udp}`, remotes: [`127.0.0.2:${peer.port}`] };
    const way = { gateways: ["10.20.0.1/24"], routes: ["10.30.0.0/16"] };
    const routed = { kind: "gre", mode: "routed", over: "udp", ...way };
    const { id } = (await relay().must("POST", path, {
      ...request,
      ...(mode === "routed" ? routed : { kind: "vxlan", wire_vni: 70 }),
    })) as PortView;
    const view = async () => (await relay().must("GET", `${path}/${id}`)) as PortView;
    let sent = 0;
    const send = async () => {
      if (mode === "routed") peer.socket.send(echoInGre("10.30.0.1", "10.20.0.1"), udp, "127.0.0.1");
      else peer.send(70, frameBytes(BROADCAST, A), udp);
      sent++;
      await until(async () => (await view()).rx_frames === sent);
    };
    // More than the burst allows, which refills by one a second.
    let dropped = 0;
    while (dropped === 0) {
      for (let i = 0; i < 20; i++) await send();
      dropped = (await view()).drops["rate-packets"] ?? 0;
    }
    expect(sent).toBeGreaterThan(64);

    await relay().must("PATCH", `/tenants/${tenant}/limits`, { packets_per_second: null });
    dropped = (await view()).drops["rate-packets"] ?? 0;
    for (let i = 0; i < 20; i++) await send();
    expect((await view()).drops["rate-packets"]).toBe(dropped);
  });

  it("may route, at the hub's address or one that no device can have", async () => {
    const { tenant } = await relay().network();
    const networks = `/tenants/${tenant}/networks`;
    await relay().must("POST", networks, { name: "given", subnet: "10.20.0.0/24" });
    const path = pathOf({ tenant, name: "given" });
    const own = `127.0.0.1:${await freeUdpPort()}`;
    const request = { kind: "gre", mode: "routed", over: "udp", listen: own, routes: ["10.30.0.0/16"] };
    await using peer = await Peer.open("127.0.0.2");
    const one = { ...request, remotes: [`127.0.0.2:${peer.port}`], gateways: ["10.20.0.1/24"] };
    const port = (await relay().must("POST", path, one)) as PortView;
    expect(port).toMatchObject({ ...one, state: "up", frame_bytes: expect.any(Number), vteps: [] });
    const arrived = once(peer.socket, "message");
    peer.socket.send(echoInGre("10.30.0.1", "10.20.0.1"), Number(own.split(":")[1]), "127.0.0.1");
    const [answer] = (await arrived) as [Uint8Array];
    expect(decodeIpv4(answer, 4, answer.length)).toMatchObject({
      source: parseAddress("10.20.0.1"),
      ttl: 64,
    });
    const device = await relay().api("POST", path, {
      ...one,
      remotes: ["127.0.0.3"],
      gateways: ["10.20.0.9/24"],
    });
    expect(device.status).toBe(409);
    expect(await device.json()).toMatchObject({ code: "port.gateway" });
    await relay().must("POST", networks, { name: "wire", mode: "wire" });
    const refused = await relay().api("POST", pathOf({ tenant, name: "wire" }), {
      ...one,
      remotes: ["127.0.0.4"],
    });
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ code: "port.wire" });
    await relay().must("DELETE", `${path}/${port.id}`);
    await relay().must("POST", path, one);
  });

  it.each([
    [
      "an address of another machine",
      { kind: "vxlan", listen: "192.0.2.1:4789", remotes: ["192.0.2.2"] },
      "port.listen",
    ],
    [
      "an interface that is not there",
      { kind: "vxlan", listen: "0.0.0.0:40789", group: "239.1.1.1", interface: "nope0" },
      "port.interface",
    ],
  ])("report what the machine lacks: %s", async (_, request, code) => {
    const path = pathOf(await relay().network());
    const response = await relay().api("POST", path, request);
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ code, hint: expect.stringMatching(/./) });
    expect(await relay().must("GET", path)).toEqual([]);
  });

  it("report an address in use", async () => {
    const path = pathOf(await relay().network());
    await using other = await Peer.open("127.0.0.1");
    const request = { kind: "vxlan", listen: `127.0.0.1:${other.port}`, remotes: ["127.0.0.2"] };
    const response = await relay().api("POST", path, request);
    expect(await response.json()).toMatchObject({
      code: "port.listen",
      detail: expect.stringContaining("EADDRINUSE"),
    });
  });

  // Raw sockets need root, and libuv's poll, which only Node has.
  const canBeRaw = runtime === NODE && requires("root");
  const here = TUNNELS.filter(([, tunnel]) => "over" in tunnel || canBeRaw);
  it.each(here)("connect two networks by %s", async (_, tunnel) => {
    const port = await freeUdpPort();
    const [from, to] = [await relay().network(), await relay().network()];
    await using left = await Peer.open("127.0.0.2");
    await using right = await Peer.open("127.0.0.3");
    const inlets = [await freeUdpPort(), await freeUdpPort()];
    for (const [index, network] of [from, to].entries()) {
      const peer = index === 0 ? left : right;
      const remotes = [`127.0.0.${index + 2}:${peer.port}`];
      const listen = `127.0.0.1:${inlets[index]}`;
      await relay().must("POST", pathOf(network), { kind: "vxlan", listen, remotes, wire_vni: 1 });
      const suffix = "over" in tunnel ? `:${port}` : "";
      const ends = [`127.0.0.11${suffix}`, `127.0.0.12${suffix}`];
      const [own = "", other = ""] = index === 0 ? ends : ends.reverse();
      await relay().must("POST", pathOf(network), { ...tunnel, listen: own, remotes: [other] });
    }
    for (const [there, back] of [
      [left, right],
      [right, left],
    ] as const) {
      const arrived = once(back.socket, "message");
      const frame = frameBytes(BROADCAST, there === left ? A : A + 1);
      there.send(1, frame, inlets[there === left ? 0 : 1] ?? 0);
      const [packet] = (await arrived) as [Uint8Array];
      expect([...packet.subarray(8)]).toEqual(frame);
    }
  });

  it.each([
    [{ kind: "carrier-pigeon" }],
    [{ kind: "vxlan" }],
    [{ kind: "vxlan", remotes: ["relay.example"] }],
    [{ kind: "vxlan", remotes: ["239.1.1.1"] }],
    [{ kind: "vxlan", remotes: ["192.0.2.1", "2001:db8::1"] }],
    [{ kind: "vxlan", group: "192.0.2.1" }],
    [{ kind: "vxlan", group: "239.1.1.1", remotes: ["192.0.2.1"] }],
    [{ kind: "vxlan", remotes: ["192.0.2.1"], key: 5 }],
    [{ kind: "vxlan", remotes: ["192.0.2.1"], gbp: true, gpe: true }],
    [{ kind: "gre", remotes: ["192.0.2.1", "192.0.2.2"] }],
    [{ kind: "gre", remotes: ["192.0.2.1:4754"], over: "ip" }],
    [{ kind: "gre", mode: "routed", remotes: ["192.0.2.1"], gateways: ["10.20.0.1/24"] }],
    [{ kind: "gre", remotes: ["192.0.2.1"], routes: ["10.30.0.0/16"] }],
    [{ kind: "nvgre", remotes: ["192.0.2.1"] }],
    [{ kind: "nvgre", remotes: ["192.0.2.1"], vsid: 4095 }],
  ])("are not created from an invalid request: %j", async (request) => {
    const path = pathOf(await relay().network());
    const response = await relay().api("POST", path, request);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "request.invalid" });
  });

  it.each(["network", "tenant"])("are deleted with their %s", async (what) => {
    const network = await relay().network();
    const listen = `127.0.0.1:${await freeUdpPort()}`;
    const request = { kind: "vxlan", listen, remotes: ["127.0.0.2"] };
    await relay().must("POST", pathOf(network), request);
    const tenant = `/tenants/${network.tenant}`;
    await relay().must("DELETE", what === "tenant" ? tenant : `${tenant}/networks/${network.name}`);
    const path = pathOf(await relay().network());
    await until(async () => (await relay().api("POST", path, request)).ok);
  });

  it("start again with the relay, including one that cannot start yet", async () => {
    const own = await RelayProcess.start(runtime);
    try {
      const path = "/tenants/default/networks/lan/ports";
      const port = await freeUdpPort();
      const request = { kind: "vxlan", listen: `127.0.0.1:${port}`, remotes: ["127.0.0.2"] };
      const { id } = (await own.must("POST", path, request)) as PortView;
      own.signal("SIGKILL");
      await own.ended;
      const blocker = createSocket("udp4").bind(port, "127.0.0.1");
      await once(blocker, "listening");
      {
        await using again = await RelayProcess.start(runtime, { data: own.data });
        expect(await again.must("GET", `${path}/${id}`)).toMatchObject({
          id,
          state: "failed",
          problem: expect.stringContaining("EADDRINUSE"),
        });
        blocker.close();
        await until(async () => ((await again.must("GET", `${path}/${id}`)) as PortView).state === "up");
      }
    } finally {
      await own[Symbol.asyncDispose]();
    }
  });
});
