import { NetworkHub } from "../../../relay/hub/network-hub.ts";
import { portConfig } from "../../../relay/hub/ports/config.ts";
import { Endpoints } from "../../../relay/hub/ports/endpoints.ts";
import { type OpenPort, openPort } from "../../../relay/hub/ports/open-port.ts";
import type { Network } from "../../../relay/model/model.ts";
import { encodeGre } from "../../../shared/frame/encapsulation/gre.ts";
import { writeMac } from "../../../shared/frame/mac.ts";
import { FRAME_BYTES } from "../../../shared/protocol/constants.ts";
import type { Contained } from "../../../shared/switch/containment.ts";
import { hubMac } from "../../../shared/switch/policy/hub-policy.ts";
import { MacBudget } from "../../../shared/switch/port.ts";
import { DEFAULT_SETTINGS } from "../../../shared/switch/settings.ts";
import { arpRequest } from "../../support/relay/neighbour-frames.ts";
import { corpusFrames, turned } from "../frames.ts";
import { routedFrames } from "../routed-frames.ts";
import { seal } from "../seal.ts";
import type { Subject, Target } from "../subject.ts";
import { ClientPort, REMOTE, type SinkSocket, SinkUnderlay, sendFrom } from "./port-subject.ts";

const VNI = 101;
/** Splits the addresses of the corpus: 10.0.0.1 and fd00::1 are at the other site, 10.0.0.2 and fd00::2 at this one. */
const CONFIG = {
  kind: "gre",
  mode: "routed",
  remotes: [REMOTE],
  gateways: ["10.0.0.3/31", "fd00::3/127"],
  routes: ["10.0.0.0/31", "fd00::/127"],
};

const INSIDE = "02:00:00:00:00:02";

const NETWORK: Network = {
  id: 1,
  tenant: "acme",
  name: "lab",
  vni: VNI,
  mtu: 1_400,
  group: "239.0.0.101",
  subnet: undefined,
  prefix6: undefined,
  addresses: false,
  mode: "switch",
  settings: DEFAULT_SETTINGS,
};

/** A routed port with the router behind it, in a hub with a session. */
class RoutedSubject implements Subject {
  readonly outgoing = [...corpusFrames(), ...routedFrames()].map(toHub);
  readonly #hub: NetworkHub;
  readonly #open: OpenPort;
  readonly #socket: SinkSocket;
  readonly #client: ClientPort;
  readonly #clock: { now: number };
  readonly #contained: { error: unknown };

  private constructor(
    hub: NetworkHub,
    open: OpenPort,
    socket: SinkSocket,
    client: ClientPort,
    clock: { now: number },
    contained: { error: unknown },
  ) {
    this.#contained = contained;
    this.#hub = hub;
    this.#open = open;
    this.#socket = socket;
    this.#client = client;
    this.#clock = clock;
  }

  /** @param mtu of the underlay and of the network, in bytes of a packet */
  static async open(mtu?: { readonly underlay: number; readonly network: number }): Promise<RoutedSubject> {
    const clock = { now: 0 };
    const contained: { error: unknown } = { error: undefined };
    const report = ({ error }: Contained) => {
      contained.error ??= error;
    };
    const seconds = () => clock.now;
    const network = { ...NETWORK, mtu: mtu?.network ?? NETWORK.mtu };
    const hub = new NetworkHub({ network, roles: new Set(), clock: seconds, noticed: () => {} });
    const client = new ClientPort("client", new MacBudget(64));
    hub.segment.attach(client);
    const underlay = new SinkUnderlay();
    const policy = { current: undefined };
    const router = () => hub.router();
    const surroundings = { underlay, endpoints: new Endpoints(), policy, report, clock: seconds, router };
    const config = portConfig.parse(mtu === undefined ? CONFIG : { ...CONFIG, mtu: mtu.underlay });
    const open = await openPort("port", config, hub.segment, surroundings);
    if (underlay.socket === undefined) throw new Error("the port opened no socket");
    if (mtu !== undefined) underlay.socket.mtu = mtu.underlay;
    return new RoutedSubject(hub, open, underlay.socket, client, clock, contained);
  }

  receive(bytes: Uint8Array, end: number, chance = 0): void {
    if (chance % 4 > 0) seal(bytes, GRE_BYTES, end);
    this.#socket.received(bytes, 0, end, REMOTE);
  }

  send(bytes: Uint8Array, end: number): void {
    const size = Math.min(end, FRAME_BYTES);
    if (size >= 14) seal(bytes, 14, size);
    sendFrom(this.#hub.segment, this.#client, bytes, end);
  }

  accounted(): number {
    const { port, endpoint } = this.#open;
    let count = port.rxFrames;
    for (const of of Object.values(endpoint.drops.toJSON())) count += of;
    return count;
  }

  second(): void {
    this.#pass(1);
  }

  failure(): unknown {
    const { drops } = this.#client;
    const count = drops.of("internal-error") + this.#open.port.drops.of("internal-error");
    return count > 0 ? (this.#contained.error ?? "an error was contained") : undefined;
  }

  isAlive(): boolean {
    this.#pass(1_000);
    const here = arpRequest(INSIDE, "10.0.0.2", "10.0.0.2");
    this.send(here, here.length);
    const [good = new Uint8Array(0)] = GOOD.map(packetOf);
    const [back = new Uint8Array(0)] = GOOD.map(toHub);
    const [received, sent] = [this.#client.txFrames, this.#socket.packets];
    this.receive(good, good.length);
    this.send(back, back.length);
    const lives = this.#client.txFrames > received && this.#socket.packets > sent;
    this.#pass(0);
    return lives;
  }

  #pass(seconds: number): void {
    this.#socket.settle();
    this.#hub.segment.flush();
    this.#clock.now += seconds;
    this.#hub.tick();
    this.#hub.tick();
    this.#socket.settle();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#open.close();
  }
}

/** Untagged frames with an IP packet. */
const PACKETS = [...corpusFrames(), ...routedFrames()].filter((frame) => {
  const type = ((frame[12] ?? 0) << 8) | (frame[13] ?? 0);
  return frame.length > 34 && (type === 0x0800 || type === 0x86dd);
});

/** Frames from 10.0.0.1 to 10.0.0.2. */
const GOOD = PACKETS.filter(
  (frame) => frame[26] === 10 && frame[29] === 1 && frame[30] === 10 && frame[33] === 2,
);

const GRE_BYTES = 4;

/** Returns the packet of a frame, as it arrives from the underlay. */
function packetOf(frame: Uint8Array): Uint8Array {
  const packet = new Uint8Array(4 + frame.length - 14);
  const protocol = ((frame[12] ?? 0) << 8) | (frame[13] ?? 0);
  packet.set(frame.subarray(14), encodeGre(packet, 0, { protocol }));
  return packet;
}

/** Returns a frame to the router with a packet in the other direction: its addresses change places. */
function toHub(frame: Uint8Array): Uint8Array {
  const back = turned(frame);
  const type = ((back[12] ?? 0) << 8) | (back[13] ?? 0);
  const [at, size] = type === 0x0800 ? [26, 4] : [22, 16];
  if ((type !== 0x0800 && type !== 0x86dd) || back.length < at + 2 * size) return back;
  back.copyWithin(at, at + size, at + 2 * size);
  back.set(frame.subarray(at, at + size), at + size);
  writeMac(back, 0, hubMac(VNI));
  return back;
}

/**
 * Returns the router as a target, from either side.
 *
 * @param mtu small, so that the router must fragment most packets
 */
export function routedTarget(
  name: string,
  mtu?: { readonly underlay: number; readonly network: number },
): Target {
  return { name, corpus: PACKETS.map(packetOf), open: () => RoutedSubject.open(mtu) };
}
