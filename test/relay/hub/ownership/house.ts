/** A hub with two tenants, of whose sessions a test says what they do, and what they must never see. */
import { setImmediate as turn } from "node:timers/promises";
import { pino } from "pino";
import { GuessLimiter } from "../../../../relay/arrivals/guess-limiter.ts";
import type { Capture } from "../../../../relay/hub/capture/capture.ts";
import { Hub } from "../../../../relay/hub/hub.ts";
import { HUB_LIMITS } from "../../../../relay/hub/limits.ts";
import { portConfig } from "../../../../relay/hub/ports/config.ts";
import { Endpoints } from "../../../../relay/hub/ports/endpoints.ts";
import { openPort } from "../../../../relay/hub/ports/open-port.ts";
import { acceptEthernet } from "../../../../relay/hub/session/ethernet.ts";
import type { Network } from "../../../../relay/model/model.ts";
import { SqliteStore } from "../../../../relay/store/sqlite-store.ts";
import { Tenants } from "../../../../relay/tenants/tenants.ts";
import { readRecords } from "../../../../shared/protocol/record.ts";
import { Block } from "../../../../shared/tunnel/block.ts";
import { CountingPool } from "../../../shared/tunnel/counting-pool.ts";
import { LateSocket } from "./late-socket.ts";
import { LateUnderlay } from "./late-underlay.ts";
import { MarkedFrames, recordOf } from "./marked-frames.ts";

export const BROADCAST = 0xffff_ffff_ffff;
export const GROUP = 0x0100_5e01_0101;

/** Sessions of each tenant; the last of either speaks raw Ethernet. */
export const SESSIONS = 4;

export interface Part {
  /** Of the sender's networks, or of the other tenant's, which is refused. */
  readonly network: number;
  readonly foreign: boolean;
  /** A session of the same tenant, or all, or a group. */
  readonly to: number | "all" | "group";
  readonly size: number;
  readonly offload: boolean;
}

interface House {
  readonly name: string;
  readonly networks: readonly Network[];
  readonly token: string;
  readonly narrow: string;
}

interface Seat {
  readonly house: House;
  readonly index: number;
  readonly batch: boolean;
  readonly offload: boolean;
  readonly isEthernet: boolean;
  socket: LateSocket;
  /** Records that were received, by which the test knows that something happened at all. */
  received: number;
}

export class TwoHouses {
  readonly seats: readonly Seat[];
  readonly pool = new CountingPool();
  /** What went wrong, as far as the sessions can see. */
  readonly faults: string[] = [];
  readonly #hub: Hub;
  readonly #houses: readonly [House, House];
  readonly #frames = new MarkedFrames();
  readonly #clock: { now: number };
  #captures: Capture[] = [];
  /** Of a VXLAN port in the first tenant's first network. */
  readonly #underlay = new LateUnderlay();

  private constructor(hub: Hub, houses: readonly [House, House], pool: CountingPool, clock: { now: number }) {
    this.pool = pool;
    this.#hub = hub;
    this.#houses = houses;
    this.#clock = clock;
    this.seats = houses.flatMap((house) =>
      Array.from({ length: SESSIONS }, (_, index) => ({
        house,
        index,
        batch: index !== 1,
        offload: index % 2 === 0,
        isEthernet: index === SESSIONS - 1,
        socket: new LateSocket(),
        received: 0,
      })),
    );
  }

  static async open(unreadBytes: number, queueBytes: number): Promise<TwoHouses> {
    const tenants = new Tenants(SqliteStore.open(":memory:"), () => 0);
    const houseOf = async (name: string): Promise<House> => {
      tenants.createTenant(name);
      const networks = ["one", "two"].map((network) =>
        tenants.createNetwork(name, {
          name: network,
          subnet: "10.1.0.0/24",
          settings: network === "two" ? { source_binding: true } : {},
        }),
      );
      const { secret: token } = await tenants.createToken(name, {});
      const { secret: narrow } = await tenants.createToken(name, { networks: ["one"] });
      return { name, networks, token, narrow };
    };
    const houses = [await houseOf("red"), await houseOf("blue")] as const;
    const clock = { now: 0 };
    const now = () => clock.now;
    const pool = new CountingPool();
    const limits = { ...HUB_LIMITS, unreadBytes, queueBytes };
    const log = pino({ level: "silent" });
    const hub = new Hub({ tenants, log, clock: now, guesses: new GuessLimiter(now), limits, pool });
    const house = new TwoHouses(hub, houses, pool, clock);
    await house.#openPort();
    for (const [at] of house.seats.entries()) await house.connect(at);
    return house;
  }

  /** Has so many packets leave for the underlay. */
  takePackets(count: number): void {
    for (let i = 0; i < count; i++) this.#underlay.take();
  }

  async #openPort(): Promise<void> {
    const { networks } = this.#houses[0];
    const network = networks[0] as Network;
    const { live } = this.#hub.keepOpen(network);
    this.#underlay.arrived = (payload) => {
      const fault = this.#frames.fault(network.vni, payload, [network.vni]);
      if (fault !== undefined) this.faults.push(`the underlay was given ${fault}`);
    };
    const config = portConfig.parse({ kind: "vxlan", remotes: ["192.0.2.9"] });
    await openPort("port", config, live.segment, {
      underlay: this.#underlay,
      endpoints: new Endpoints(),
      policy: { current: undefined },
      clock: () => this.#clock.now,
    });
  }

  /** Opens a session anew and has it join all of its networks. */
  async connect(at: number): Promise<void> {
    const seat = this.#seat(at);
    seat.socket.cut();
    const socket = new LateSocket();
    seat.socket = socket;
    socket.arrived = (message) => this.#check(seat, message);
    const connection = {
      socket,
      address: "192.0.2.1",
      origin: "http://relay.example",
      subprotocol: !seat.isEthernet,
      bearer: seat.isEthernet ? seat.house.narrow : seat.house.token,
    };
    socket.events = seat.isEthernet ? acceptEthernet(connection, this.#hub) : this.#hub.accept(connection);
    if (seat.isEthernet) return this.#settle();
    const features = [...(seat.batch ? ["batch"] : []), ...(seat.offload ? ["offload"] : [])];
    this.say(at, { type: "hello", version: 1, client: { name: `${at}` }, features });
    for (let i = 0; i < 1_000 && !socket.texts.some((text) => text.includes('"welcome"')); i++) await turn();
    for (const { vni } of seat.house.networks) this.say(at, { type: "join", vni });
    this.register(at, 1);
  }

  say(at: number, message: object): void {
    const { socket } = this.#seat(at);
    if (!socket.isClosed) socket.events?.text(JSON.stringify(message));
  }

  join(at: number, network: number, isJoin: boolean): void {
    this.say(at, {
      type: isJoin ? "join" : "leave",
      vni: this.#networkOf(this.#seat(at).house, network).vni,
    });
  }

  /** Registers a session's machine, and as many that are another's. */
  register(at: number, network: number, count = 1): void {
    const endpoints = Array.from({ length: count }, (_, i) => ({
      mac: macText(this.#mac(at, i)),
      addresses: [`10.1.0.${10 + (at % SESSIONS) + i}`],
    }));
    this.say(at, { type: "register", vni: this.#networkOf(this.#seat(at).house, network).vni, endpoints });
  }

  /** Has a session send one binary message. */
  send(at: number, parts: readonly Part[], tail: number): void {
    const seat = this.#seat(at);
    if (seat.socket.isClosed || seat.socket.events === undefined) return;
    const records = parts.slice(0, seat.batch && !seat.isEthernet ? undefined : 1).map((part) => {
      const house = part.foreign ? this.#other(seat.house) : seat.house;
      const { vni } = this.#networkOf(house, part.network);
      const destination =
        part.to === "all"
          ? BROADCAST
          : part.to === "group"
            ? GROUP
            : this.#mac(this.#first(seat) + part.to, 0);
      const frame = this.#frames.make(vni, destination, this.#mac(at, 0), part.size);
      if (!seat.isEthernet) return recordOf(vni, frame, part.offload && seat.offload);
      // It says nothing of networks: what it sends is of its own.
      const own = this.#networkOf(seat.house, 0).vni;
      return own === vni ? frame : this.#frames.make(own, destination, this.#mac(at, 0), part.size);
    });
    const message = Buffer.concat([...records, Buffer.alloc(seat.isEthernet ? 0 : tail, 1)]);
    const block = this.pool.take(message.length);
    block.bytes.set(message);
    seat.socket.events.binary(block, message.length);
  }

  /** Has the network take so many of a session's messages. */
  take(at: number, count: number): void {
    const { socket } = this.#seat(at);
    for (let i = 0; i < count; i++) socket.take();
  }

  cut(at: number): void {
    this.#seat(at).socket.cut();
  }

  /** Has a session be closed from within the next thing that it is told. */
  closeWithin(at: number): void {
    const { socket } = this.#seat(at);
    socket.onText = () => {
      socket.onText = () => {};
      socket.cut();
    };
  }

  capture(at: number, network: number): void {
    if (this.#captures.length > 3) this.#captures.shift()?.end();
    else this.#captures.push(this.#hub.capture(this.#networkOf(this.#seat(at).house, network), {}));
  }

  async pass(seconds: number): Promise<void> {
    this.#clock.now += seconds;
    await this.#settle();
  }

  /** Ends everything, and lets all that is under way come to its end. */
  async close(): Promise<void> {
    for (const { socket } of this.seats) while (socket.waiting > 0) socket.take();
    await this.#settle();
    while (this.#underlay.waiting > 0) this.#underlay.take();
    for (const { socket } of this.seats) {
      while (socket.waiting > 0) socket.take();
      socket.cut();
    }
    for (const capture of this.#captures) capture.end();
    await this.#settle();
    this.#hub.drain();
  }

  async #settle(): Promise<void> {
    for (let i = 0; i < 4; i++) await turn();
  }

  #check(seat: Seat, message: Buffer): void {
    const vnis = seat.house.networks.map(({ vni }) => vni);
    const judge = (vni: number, frame: Buffer) => {
      seat.received++;
      const fault = this.#frames.fault(vni, frame, vnis);
      if (fault !== undefined)
        this.faults.push(`session ${seat.index} of '${seat.house.name}' was given ${fault}`);
    };
    if (seat.isEthernet) return judge(this.#networkOf(seat.house, 0).vni, message);
    const reached = readRecords(new Block(message), 0, message.length, true, {
      record: (type, { bytes }, start, end) => {
        const headroom = type === 2 ? 22 : 12;
        judge(message.readUIntBE(start + 8, 3), Buffer.from(bytes.subarray(start + headroom, end)));
        return true;
      },
    });
    if (typeof reached === "string") this.faults.push(`a message is malformed: ${reached}`);
  }

  #seat(at: number): Seat {
    return this.seats[at % this.seats.length] as Seat;
  }

  #first(seat: Seat): number {
    return this.seats.findIndex(({ house }) => house === seat.house);
  }

  #networkOf(house: House, index: number): Network {
    return house.networks[index % house.networks.length] as Network;
  }

  #other(house: House): House {
    return house === this.#houses[0] ? this.#houses[1] : this.#houses[0];
  }

  /** The same in both tenants: they know nothing of each other. */
  #mac(at: number, machine: number): number {
    return 0x0200_0000_0000 + (at % SESSIONS) * 0x100 + machine;
  }
}

function macText(mac: number): string {
  return (mac.toString(16).padStart(12, "0").match(/../g) ?? []).join(":");
}
