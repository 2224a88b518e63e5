import { pino } from "pino";
import { GuessLimiter } from "../../../relay/arrivals/guess-limiter.ts";
import { Hub } from "../../../relay/hub/hub.ts";
import { acceptEthernet } from "../../../relay/hub/session/ethernet.ts";
import type { ConnectionEvents } from "../../../relay/hub/session/socket.ts";
import type { Network } from "../../../relay/model/model.ts";
import { SqliteStore } from "../../../relay/store/sqlite-store.ts";
import { Tenants } from "../../../relay/tenants/tenants.ts";
import { MacBudget, type Port } from "../../../shared/switch/port.ts";
import type { Segment } from "../../../shared/switch/segment.ts";
import type { Block } from "../../../shared/tunnel/block.ts";
import { corpusFrames, plain, turned } from "../frames.ts";
import type { Subject, Target } from "../subject.ts";
import { ClientPort, LONG_SECONDS, sendFrom } from "./port-subject.ts";

const LEAST_BYTES = 14;

/** A client of raw Ethernet, in a hub with one other session. */
class EthernetSubject implements Subject {
  readonly outgoing = corpusFrames().map(turned);
  readonly #hub: Hub;
  readonly #network: Network;
  readonly #token: string;
  readonly #clock: { now: number };
  readonly #hold: { release(): void };
  readonly #segment: Segment;
  readonly #other = new ClientPort("other", new MacBudget(64));
  #events: ConnectionEvents | undefined;
  #port: Port | undefined;
  /** Bytes that the client has sent while the relay's reading is paused. */
  #unread: Uint8Array[] = [];
  #paused = false;
  /** Number of frames sent to the client. */
  #sent = 0;
  /** Frames of closed connections, and frames that came without a connection. */
  #before = 0;

  private constructor(hub: Hub, network: Network, token: string, clock: { now: number }) {
    this.#hub = hub;
    this.#network = network;
    this.#token = token;
    this.#clock = clock;
    const { live, release } = hub.keepOpen(network);
    this.#hold = { release };
    this.#segment = live.segment;
    this.#segment.attach(this.#other);
  }

  static async open(): Promise<EthernetSubject> {
    const clock = { now: 0 };
    const tenants = new Tenants(SqliteStore.open(":memory:"), () => 0);
    tenants.createDefaults();
    const { secret } = await tenants.createToken("default", { networks: ["lan"] });
    const log = pino({ level: "silent" });
    const now = () => clock.now;
    const hub = new Hub({ tenants, log, clock: now, guesses: new GuessLimiter(now) });
    const subject = new EthernetSubject(hub, tenants.network("default", "lan"), secret, clock);
    await subject.#connect();
    return subject;
  }

  receive(bytes: Uint8Array, end: number, chance: number): void {
    if (this.#events === undefined) {
      this.#before++;
      return;
    }
    // Sometimes sends a malformed message, which ends the connection.
    const size = chance % 5_000 === 0 ? end : Math.max(end, LEAST_BYTES);
    this.#arrive(bytes.slice(0, size));
  }

  send(bytes: Uint8Array, end: number): void {
    sendFrom(this.#segment, this.#other, bytes, end);
  }

  accounted(): number {
    return this.#before + (this.#port?.rxFrames ?? 0);
  }

  async second(): Promise<void> {
    await this.#settle();
    this.#pass(1);
    if (this.#events === undefined) await this.#connect();
  }

  async isAlive(): Promise<boolean> {
    this.#pass(LONG_SECONDS);
    const good = plain(60);
    const back = turned(good);
    this.send(back, back.length);
    this.#arrive(good);
    await this.#settle();
    this.#pass(0);
    const [received, sent] = [this.#other.txFrames, this.#sent];
    this.#arrive(good);
    await this.#settle();
    this.send(back, back.length);
    this.#pass(0);
    return this.#other.txFrames > received && this.#sent > sent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#events?.closed();
    this.#segment.detach(this.#other);
    this.#hold.release();
    this.#hub.drain();
  }

  /** Delivers a message, which the relay reads once its reading is not paused. */
  #arrive(message: Uint8Array): void {
    this.#unread.push(message);
    this.#read();
  }

  #read(): void {
    while (!this.#paused && this.#events !== undefined) {
      const message = this.#unread.shift();
      if (message === undefined) return;
      if (message.length < LEAST_BYTES) this.#before++;
      const block = this.#hub.pool.take(message.length);
      block.bytes.set(message);
      this.#events.binary(block, message.length);
    }
  }

  /** Waits until the relay has read everything. */
  async #settle(): Promise<void> {
    while (this.#events !== undefined && (this.#paused || this.#unread.length > 0)) {
      await new Promise(setImmediate);
    }
  }

  #pass(seconds: number): void {
    this.#segment.flush();
    this.#clock.now += seconds;
    this.#segment.tick();
    this.#segment.tick();
  }

  async #connect(): Promise<void> {
    const before = new Set(this.#segment.ports);
    const socket = {
      bufferedAmount: 0,
      isOpen: true,
      send: (block: Block, start: number, end: number, sent?: () => void) => {
        if (end - start < LEAST_BYTES) throw new Error(`a frame of ${end - start} bytes`);
        this.#sent++;
        block.release();
        sent?.();
      },
      sendText: () => {
        throw new Error("text was sent");
      },
      sendEncoded: () => {
        throw new Error("text was sent");
      },
      pause: () => {
        this.#paused = true;
      },
      resume: () => {
        this.#paused = false;
        this.#read();
      },
      accountTo: () => {},
      close: () => {
        this.#before += (this.#port?.rxFrames ?? 0) + this.#unread.length;
        this.#unread = [];
        this.#paused = false;
        this.#port = undefined;
        this.#events = undefined;
      },
    };
    const connection = { socket, address: "192.0.2.1", origin: "http://relay.example", subprotocol: false };
    this.#events = acceptEthernet({ ...connection, bearer: this.#token }, this.#hub);
    while (this.#segment.ports.size === before.size) await new Promise(setImmediate);
    this.#port = [...this.#segment.ports].find((port) => !before.has(port));
  }
}

/** Messages of raw Ethernet clients to the relay. */
export const ETHERNET_TARGET: Target = {
  name: "ethernet",
  corpus: corpusFrames(),
  open: () => EthernetSubject.open(),
};
