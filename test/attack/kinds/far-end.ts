import { Buffer } from "node:buffer";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { corpusFrames } from "../../fuzz/frames.ts";
import { Mutator } from "../../fuzz/mutator.ts";
import { vxlan } from "../../support/relay/client.ts";
import type { Arena, Attack } from "../arena.ts";
import { FAR_END, type TunnelPlan, WIRE_VNI, WIRE_VSID } from "../plan.ts";
import { arpClaim, fragment, fragmentField, igmpReports, ipv4 } from "./hostile-frames.ts";

/** Sources that no port lists: more than one port learns. */
const STRANGERS = 300;
const RELAY = "127.0.0.1";
const GIVEN = 0x0a42_0000;
const ROUTED = 0x0a4d_0000;
const BURST = 40;

/**
 * Threat model: the far end of a tunnel, and any other sender to the underlay.
 *
 * Sends to the relay's VXLAN, NVGRE, GRE and routed GRE ports: garbage, mutated frames, wrong keys and VNIs, sequence numbers
 * that jump, fragments that the hub must route and cut, all of it also from hundreds of unlisted addresses. Only to
 * 127.0.0.1, over UDP.
 */
export const farEnd: Attack = { name: "far-end", run: (arena) => new FarEnd(arena).run() };

class FarEnd {
  readonly #arena: Arena;
  readonly #tunnels: TunnelPlan;
  readonly #mutator: Mutator;
  #own: Socket | undefined;
  readonly #strangers: Socket[] = [];

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#tunnels = arena.plan.attacker.tunnels;
    this.#mutator = new Mutator(arena.random, corpusFrames());
  }

  async run(): Promise<void> {
    const { vxlan: vxlanPort, nvgre, gre, routed, farEnd } = this.#tunnels;
    const arena = this.#arena;
    const { random } = arena;
    this.#own = await this.#bind(FAR_END, farEnd);
    for (let index = 0; index < STRANGERS; index++) {
      const address = `127.0.${4 + Math.floor(index / 200)}.${1 + (index % 200)}`;
      this.#strangers.push(await this.#bind(address, 0));
    }
    const burst = (port: number, make: () => Buffer) => () => this.#burst(port, make);
    await arena.play([
      [4, "VXLAN", burst(vxlanPort, () => Buffer.concat([vxlan(WIRE_VNI), this.#frame()]))],
      [2, "VXLAN with odd headers", burst(vxlanPort, () => this.#oddVxlan())],
      [3, "NVGRE", burst(nvgre, () => this.#gre(0x2000, WIRE_VSID * 256 + random.below(256), this.#frame()))],
      [3, "GRE", burst(gre, () => this.#gre(0x2000, 7, this.#frame()))],
      [
        2,
        "GRE with odd headers",
        burst(gre, () => this.#gre(random.below(65_536), random.next(), this.#frame())),
      ],
      [6, "packets to be routed", burst(routed, () => this.#routed())],
      [2, "garbage", burst(random.of([vxlanPort, nvgre, gre, routed]), () => this.#garbage())],
    ]);
    this.#own.close();
    for (const socket of this.#strangers) socket.close();
  }

  async #bind(address: string, port: number): Promise<Socket> {
    const socket = createSocket("udp4");
    const look = this.#arena.finder();
    socket.on("message", (message) => look(message));
    socket.on("error", () => {});
    socket.bind(port, address);
    await once(socket, "listening");
    return socket;
  }

  async #burst(port: number, make: () => Buffer): Promise<void> {
    for (let left = BURST; left > 0; left--) {
      const isStrange = this.#arena.random.below(4) === 0;
      const socket = isStrange ? this.#arena.random.of(this.#strangers) : this.#own;
      await new Promise((resolve) => {
        if (socket === undefined) resolve(undefined);
        // The kernel refuses a datagram that is too large, which does not matter here.
        else socket.send(make().subarray(0, 65_000), port, RELAY, resolve);
      });
    }
    this.#arena.did("packets", BURST);
  }

  #frame(): Buffer {
    const { random } = this.#arena;
    const way = random.below(8);
    const mac = 0x0200_0003_0000 + random.below(8_000);
    if (way === 0) return igmpReports(random, mac);
    if (way === 1) return arpClaim(mac, GIVEN + random.below(65_536));
    this.#mutator.next();
    return Buffer.from(this.#mutator.bytes.subarray(0, this.#mutator.end));
  }

  #oddVxlan(): Buffer {
    const { random } = this.#arena;
    const vni = random.of([WIRE_VNI, 0, random.below(2 ** 24)]);
    const header = vxlan(vni, { flags: random.next(), reserved: random.below(256) });
    return Buffer.concat([header, this.#frame()]).subarray(0, random.of([4, 8, 20, 65_000]));
  }

  /** Builds GRE with every field that the flags announce (RFC 2890); half of the time without the checksum. */
  #gre(flags: number, key: number, payload: Buffer, protocol = 0x6558): Buffer {
    const head = Buffer.alloc(4);
    head.writeUInt16BE(flags, 0);
    head.writeUInt16BE(protocol, 2);
    const word = (value: number) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes;
    };
    const sequence = this.#arena.random.next();
    return Buffer.concat([
      head,
      ...(flags & 0x8000 ? [word(0)] : []),
      ...(flags & 0x2000 ? [word(key)] : []),
      ...(flags & 0x1000 ? [word(sequence)] : []),
      payload,
    ]);
  }

  #routed(): Buffer {
    const { random } = this.#arena;
    const source = random.of([ROUTED, GIVEN, 0x7f00_0000, 0xe000_0000]) + random.below(65_536);
    const destination = random.of([GIVEN + 1, GIVEN + random.below(65_536), ROUTED + 5, 0xe000_0001]);
    const large = Buffer.alloc(1_400 + random.below(8_000));
    const way = random.below(4);
    const options = { source: ROUTED + 5, destination: GIVEN + 2 + random.below(300), protocol: 17 };
    const packet =
      way === 0
        ? fragment(random, source, destination)
        : way === 1
          ? ipv4({ ...options, fragment: fragmentField(random) }, large)
          : way === 2
            ? this.#garbage()
            : ipv4({ source, destination, protocol: random.of([1, 6, 17, 58]), ttl: random.below(3) }, large);
    return this.#gre(0, 0, packet, random.of([0x0800, 0x0800, 0x0800, 0x86dd, 0x6558]));
  }

  #garbage(): Buffer {
    const bytes = Buffer.alloc(this.#arena.random.below(1_000));
    this.#arena.random.fill(bytes, 0, bytes.length);
    return bytes;
  }
}
