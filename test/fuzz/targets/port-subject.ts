import { portConfig } from "../../../relay/hub/ports/config.ts";
import { Endpoints } from "../../../relay/hub/ports/endpoints.ts";
import { type OpenPort, openPort } from "../../../relay/hub/ports/open-port.ts";
import type {
  Membership,
  Received,
  Remote,
  Sent,
  Underlay,
  UnderlaySocket,
} from "../../../relay/underlay/underlay.ts";
import { FRAME_BYTES } from "../../../shared/protocol/constants.ts";
import { ENCAPSULATION_BYTES, encapsulate } from "../../../shared/protocol/record.ts";
import type { Contained } from "../../../shared/switch/containment.ts";
import type { DropReason } from "../../../shared/switch/drops.ts";
import { MacTable } from "../../../shared/switch/places/mac-table.ts";
import { HubPolicy } from "../../../shared/switch/policy/hub-policy.ts";
import { MacBudget, Port } from "../../../shared/switch/port.ts";
import { Segment } from "../../../shared/switch/segment.ts";
import { changedSettings, DEFAULT_SETTINGS } from "../../../shared/switch/settings.ts";
import { Block } from "../../../shared/tunnel/block.ts";
import { corpusFrames, plain, turned } from "../frames.ts";
import type { Subject, Target } from "../subject.ts";

/** The one remote of every port. */
export const REMOTE = "192.0.2.1";
const STRANGERS = Array.from({ length: 1_000 }, (_, i) => `198.51.${100 + (i >> 8)}.${i & 255}`);
const VNI = 101;

/** Reasons for drops before the segment; the segment counts all other frames as received. */
const BEFORE_SEGMENT: readonly DropReason[] = ["unknown-remote", "malformed", "tagged", "out-of-order"];

/** Seconds after which the hub has forgotten all loops, freezes, moves and addresses. */
export const LONG_SECONDS = 1_000;

/** A socket that sends nothing, and reports success a little later as a socket does. */
export class SinkSocket implements UnderlaySocket {
  readonly overhead = 28;
  readonly queued = 0;
  packets = 0;
  mtu = 1_500;
  readonly received: Received;
  readonly #waiting: Sent[] = [];

  constructor(received: Received) {
    this.received = received;
  }

  remote(address: string, port: number): Remote {
    return { address, port };
  }

  send(_to: Remote, header: Uint8Array, payload: Uint8Array, _flow: number, sent: Sent): void {
    if (header.length + payload.length + this.overhead > this.mtu) throw new Error("a packet does not fit");
    this.packets++;
    this.#waiting.push(sent);
  }

  /** Reports all sends as done; at times as refused by the kernel. */
  settle(): void {
    const failed = Object.assign(new Error(), { code: this.packets % 3 === 0 ? "EMSGSIZE" : "ENOBUFS" });
    for (const [i, sent] of this.#waiting.entries()) sent(i % 100 === 99 ? failed : null);
    this.#waiting.length = 0;
  }

  join(group: string, port: number): Promise<Membership> {
    return Promise.resolve({ remote: { address: group, port }, leave: async () => {} });
  }

  mtuTo(): Promise<number> {
    return Promise.resolve(this.mtu);
  }

  async close(): Promise<void> {}
}

export class SinkUnderlay implements Underlay {
  socket: SinkSocket | undefined;

  async openUdp(_at: object, _options: object, received: Received): Promise<SinkSocket> {
    return this.#open(received);
  }

  async openGre(_host: string, received: Received): Promise<SinkSocket> {
    return this.#open(received);
  }

  #open(received: Received): SinkSocket {
    this.socket = new SinkSocket(received);
    return this.socket;
  }
}

/** A session that accepts valid frames only. */
export class ClientPort extends Port {
  override send(_block: Block, _start: number, frame: number, end: number): void {
    if (end - frame < 14 || end - frame > FRAME_BYTES) throw new Error(`a frame of ${end - frame} bytes`);
    this.txFrames++;
  }

  override flush(): void {}
}

/** Delivers a frame to a port, as a record of its session. */
export function sendFrom(segment: Segment, from: Port, bytes: Uint8Array, end: number): void {
  const size = Math.min(end, FRAME_BYTES);
  if (size < 14) return;
  const record = new Uint8Array(ENCAPSULATION_BYTES + size);
  record.set(bytes.subarray(0, size), ENCAPSULATION_BYTES);
  encapsulate(record, 0, record.length, segment.vni);
  segment.forward(from, new Block(record), 0, ENCAPSULATION_BYTES, record.length);
}

/** A port of the relay in a hub with all its guards and a session. */
class PortSubject implements Subject {
  readonly outgoing = corpusFrames().map(turned);
  readonly #segment: Segment;
  readonly #open: OpenPort;
  readonly #socket: SinkSocket;
  readonly #client: ClientPort;
  readonly #clock: { now: number };
  readonly #good: readonly Uint8Array[];
  #failure: unknown;

  private constructor(
    segment: Segment,
    open: OpenPort,
    socket: SinkSocket,
    client: ClientPort,
    clock: { now: number },
    good: readonly Uint8Array[],
  ) {
    this.#segment = segment;
    this.#open = open;
    this.#socket = socket;
    this.#client = client;
    this.#clock = clock;
    this.#good = good;
  }

  static async open(config: object, strict: boolean, good: readonly Uint8Array[]): Promise<PortSubject> {
    const clock = { now: 0 };
    const underlay = new SinkUnderlay();
    const notice = () => {};
    const segment = new Segment(VNI, () => clock.now, new MacTable({ notice }));
    const strictly = { vlan: "strip", dhcp_guard: "on", ra_guard: "on" } as const;
    const settings = changedSettings(DEFAULT_SETTINGS, strict ? strictly : {});
    segment.policy = new HubPolicy({ segment, settings, wire: false, granted: new Set(), notice, now: 0 });
    const client = new ClientPort("client", new MacBudget(64));
    segment.attach(client);
    const surroundings = {
      underlay,
      endpoints: new Endpoints(),
      policy: { current: undefined },
      report: ({ error }: Contained) => subject.#fail(error),
      clock: () => clock.now,
    };
    const open = await openPort("port", portConfig.parse(config), segment, surroundings);
    if (underlay.socket === undefined) throw new Error("the port opened no socket");
    const subject: PortSubject = new PortSubject(segment, open, underlay.socket, client, clock, good);
    return subject;
  }

  failure(): unknown {
    return this.#failure;
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
  }

  receive(bytes: Uint8Array, end: number, chance: number): void {
    const source = chance % 8 === 0 ? (STRANGERS[chance % STRANGERS.length] ?? REMOTE) : REMOTE;
    this.#socket.received(bytes, 0, end, source);
  }

  send(bytes: Uint8Array, end: number): void {
    sendFrom(this.#segment, this.#client, bytes, end);
  }

  accounted(): number {
    const { port, endpoint } = this.#open;
    let count = port.rxFrames;
    for (const reason of BEFORE_SEGMENT) count += port.drops.of(reason);
    for (const of of Object.values(endpoint.drops.toJSON())) count += of;
    return count;
  }

  second(): void {
    this.#pass(1);
  }

  isAlive(): boolean {
    this.#pass(LONG_SECONDS);
    // The hub first learns all places, because it cannot ask these machines.
    const back = turned(plain(60));
    this.send(back, back.length);
    for (const good of this.#good) this.#socket.received(good, 0, good.length, REMOTE);
    const [received, sent] = [this.#client.txFrames, this.#socket.packets];
    for (const good of this.#good) this.#socket.received(good, 0, good.length, REMOTE);
    this.send(back, back.length);
    const lives = this.#client.txFrames > received && this.#socket.packets > sent;
    this.#pass(0);
    return lives;
  }

  #pass(seconds: number): void {
    this.#socket.settle();
    this.#segment.flush();
    this.#open.tend();
    this.#clock.now += seconds;
    // Twice, because a port that a tick opens forwards frames from the next one on.
    this.#segment.tick();
    this.#segment.tick();
    this.#socket.settle();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#open.close();
  }
}

/**
 * Returns a kind of port as a target.
 *
 * @param wrap puts a frame into a packet for this port
 * @param others valid packets for another port
 * @param strict whether the network has more guards than by default
 */
export function portTarget(
  name: string,
  config: object,
  wrap: (frame: Uint8Array, index: number) => Uint8Array,
  { others = [], strict = false }: { others?: readonly Uint8Array[]; strict?: boolean } = {},
): Target {
  const corpus = [...corpusFrames().map(wrap), ...others];
  // Two, because a numbered packet may seem late once after the hostile ones' sequence numbers.
  const good = [0x2000_0000, 0xa000_0000].map((index) => wrap(plain(60), index));
  return { name, corpus, open: () => PortSubject.open(config, strict, good) };
}
