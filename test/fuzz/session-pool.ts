import { pino } from "pino";
import { GuessLimiter } from "../../relay/arrivals/guess-limiter.ts";
import { Hub } from "../../relay/hub/hub.ts";
import { HUB_LIMITS } from "../../relay/hub/limits.ts";
import type { ConnectionEvents, TunnelSocket } from "../../relay/hub/session/socket.ts";
import { type Network, RELAY } from "../../relay/model/model.ts";
import { SqliteStore } from "../../relay/store/sqlite-store.ts";
import { Tenants } from "../../relay/tenants/tenants.ts";
import type { Block } from "../../shared/tunnel/block.ts";

/** More bytes than a relay queues for a client that does not read. */
const UNREAD = 4 * 1024 * 1024;

/** Turns of the event loop that the hub gets to read what it was sent. */
const LEAST_TURNS = 4;
const MOST_TURNS = 2_000;

/** Unlimited rates of control messages, because these sessions' clock does not advance. */
const UNPACED = { messages: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER };

/** A WebSocket in memory; its other end reads at any speed. */
class PoolSocket implements TunnelSocket {
  bufferedAmount = 0;
  closed = false;
  /** Texts and binary messages that the relay sent. */
  texts = 0;
  messages = 0;
  /** Whether each send lasts until {@link settle}. */
  slow = false;
  lastText = "";
  /** Called with each text, and at the end. */
  changed: () => void = () => {};
  readonly #waiting: (() => void)[] = [];

  sendText(text: string): void {
    this.texts++;
    this.lastText = text;
    this.changed();
  }

  send(block: Block, _start: number, _end: number, sent?: () => void): void {
    this.messages++;
    const done = () => {
      block.release();
      sent?.();
    };
    if (this.slow && !this.closed) this.#waiting.push(done);
    else done();
  }

  sendEncoded(block: Block): void {
    this.texts++;
    block.release();
  }

  pause(): void {}

  resume(): void {}

  get isOpen(): boolean {
    return !this.closed;
  }

  accountTo(): void {}

  close(): void {
    this.closed = true;
    this.changed();
    this.settle();
  }

  settle(): void {
    for (const sent of this.#waiting.splice(0)) sent();
  }
}

/** A session, open or closed. */
export interface Slot {
  readonly events: ConnectionEvents;
  readonly socket: PoolSocket;
  /** Whether the relay has welcomed it. */
  open: boolean;
}

/** A relay's hub with many sessions of one tenant, in all possible states. */
export class SessionPool {
  readonly clock = { now: 0 };
  readonly slots: Slot[] = [];
  readonly networks: readonly Network[];
  readonly token: string;
  readonly #hub: Hub;
  readonly #store: SqliteStore;
  #failure: unknown;
  #connections = 0;

  private constructor(store: SqliteStore, tenants: Tenants, token: string) {
    this.#store = store;
    this.token = token;
    this.networks = ["lan", "lab"].map((name) => tenants.network("default", name));
    const log = pino({ level: "error" }, { write: (line) => this.failed(line) });
    const now = () => this.clock.now;
    const limits = { ...HUB_LIMITS, load: { ...HUB_LIMITS.load, strangers: UNPACED, session: UNPACED } };
    this.#hub = new Hub({ tenants, log, clock: now, guesses: new GuessLimiter(now), limits });
  }

  static async open(size: number): Promise<SessionPool> {
    const store = SqliteStore.open(":memory:");
    const tenants = new Tenants(store, () => 0);
    tenants.createDefaults();
    const unpaced = { control_messages_per_second: null, control_bytes_per_second: null };
    tenants.limits.change("default", unpaced, RELAY);
    tenants.createNetwork("default", { name: "lab", subnet: "10.9.0.0/24" });
    const { secret } = await tenants.createToken("default", { networks: ["lan", "lab"] });
    const pool = new SessionPool(store, tenants, secret);
    for (let index = 0; index < size; index++) pool.slots.push(pool.connect());
    return pool;
  }

  /** The first error of the hub's log, or noted by {@link failed}. */
  get failure(): unknown {
    return this.#failure;
  }

  failed(error: unknown): void {
    this.#failure ??= error;
  }

  /** Opens a connection that sends nothing yet. */
  connect(): Slot {
    const socket = new PoolSocket();
    // From many addresses, because the relay counts wrong credentials by address.
    const address = `192.0.2.${this.#connections++ % 256}`;
    const about = { origin: "http://relay.example", subprotocol: true, bearer: undefined };
    return { events: this.#hub.accept({ socket, address, ...about }), socket, open: false };
  }

  /** Cuts a connection. */
  cut({ socket, events }: Slot): void {
    socket.close();
    events.closed();
  }

  /** Sends `hello`, and waits for the welcome; the session may close meanwhile. */
  async welcome(slot: Slot, features: readonly string[]): Promise<void> {
    const { socket } = slot;
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.changed = () => {
      slot.open ||= socket.lastText.startsWith('{"type":"welcome"');
      if (slot.open || socket.closed) resolve();
    };
    slot.events.text(hello(this.token, features));
    await promise;
    socket.changed = () => {};
  }

  /** Joins all networks. */
  join(slot: Slot): void {
    for (const { vni } of this.networks) slot.events.text(JSON.stringify({ type: "join", vni }));
  }

  /** Makes one of the sessions read slowly, not at all, or normally again. */
  vary(chance: number): void {
    const slot = this.slots[chance % this.slots.length];
    if (slot === undefined) return;
    slot.socket.slow = chance % 3 === 0;
    slot.socket.bufferedAmount = chance % 11 === 0 ? UNREAD : chance % 5 === 0 ? 400_000 : 0;
  }

  /** Reads everything that the relay sent. */
  async settle(isSettled: () => boolean = () => true): Promise<void> {
    for (const { socket } of this.slots) socket.bufferedAmount = 0;
    for (let turn = 0; turn < LEAST_TURNS || (turn < MOST_TURNS && !isSettled()); turn++) {
      for (const { socket } of this.slots) socket.settle();
      await new Promise(setImmediate);
    }
  }

  pass(seconds: number): void {
    this.clock.now += seconds;
    for (const network of this.networks) this.#hub.live(network)?.tick();
  }

  close(): void {
    for (const slot of this.slots) this.cut(slot);
    this.#hub.drain();
    this.#store.close();
  }
}

/** Returns a `hello` with a token. */
export function hello(token: string, features: readonly string[] = ["batch", "offload"]): string {
  const auth = { method: "token", token };
  return JSON.stringify({ type: "hello", version: 1, client: { name: "fuzz" }, features, auth });
}
