import { hostname, platform } from "node:os";
import { MacBudget } from "../../shared/switch/port.ts";
import { Trunk } from "../../shared/switch/trunk.ts";
import type { Block } from "../../shared/tunnel/block.ts";
import { Close, closeReason } from "../../shared/tunnel/close.ts";
import {
  FEATURES,
  MESSAGE_BYTES,
  PROTOCOL_VERSION,
  SILENCE_SECONDS,
  SUBPROTOCOL,
  TUNNEL_PATH,
} from "../../shared/tunnel/constants.ts";
import {
  type ClientMessage,
  parseControl,
  type RelayMessage,
  relayMessage,
  type Welcome,
} from "../../shared/tunnel/control.ts";
import { blockPool } from "../../system/memory.ts";
import { limitUnsent } from "../../system/tcp.ts";
import { connect, UpgradeRefused } from "../../system/websocket/connect.ts";
import { LOST } from "../../system/websocket/frame.ts";
import type { Framing } from "../../system/websocket/framing.ts";
import type { MessageEvents, MessageSocket } from "../../system/websocket/message-socket.ts";
import type { Credentials } from "./credentials.ts";
import { afterUpgradeRefused, notARelay, Unreachable } from "./tunnel-errors.ts";

/** How long a connection may take until welcome, in milliseconds. */
const OPEN_MS = 15_000;
/** Source addresses behind a tunnel: all the machines of all networks joined. */
const TUNNEL_MACS = 65_536;
/**
 * Bytes that the kernel may hold unsent: enough to keep a line busy, little enough that a ping behind a transfer
 * waits for milliseconds.
 */
const UNSENT_BYTES = 128 * 1024;
const SOFTWARE = "laneway/0.1.0";

export interface TunnelConnectionOptions {
  /** The relay's base URL. */
  readonly relay: URL;
  readonly credentials: Credentials;
  /** Whether to ask for the feature `offload`. */
  readonly offload: boolean;
  readonly framing: Framing;
  /** Ends the attempt, and the connection after it. */
  readonly signal: AbortSignal;
  /** Told every control message after `welcome`. */
  control(message: RelayMessage, connection: TunnelConnection): void;
}

/** How a connection ended. */
export interface TunnelEnd {
  readonly code: number;
  readonly reason: string;
}

/** One WebSocket to a relay, from the upgrade to its close. */
export class TunnelConnection implements MessageEvents {
  /** Settles, never rejects, when the connection is gone. */
  readonly ended: Promise<TunnelEnd>;
  readonly #socket: MessageSocket;
  readonly #options: TunnelConnectionOptions;
  readonly #welcomed = Promise.withResolvers<void>();
  readonly #end: (how: TunnelEnd) => void;
  #welcome: Welcome | undefined;
  #trunk: Trunk | undefined;
  #heardAt = performance.now();
  /** Of the last ping: its number, and when it went out. */
  #pings = 0;
  #pingedAt = 0;
  #latencyMs: number | undefined;

  private constructor(socket: MessageSocket, options: TunnelConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<TunnelEnd>();
    this.ended = promise;
    this.#end = resolve;
    // Whoever opens it hears of it; it may be over before they listen.
    this.#welcomed.promise.catch(() => {});
    const bye = () => this.close();
    options.signal.addEventListener("abort", bye);
    void promise.then(() => options.signal.removeEventListener("abort", bye));
  }

  /**
   * Connects and says who we are.
   *
   * @returns the connection once it was welcomed
   * @throws Fault where another attempt would be no better, {@link Unreachable} where it may be,
   * {@link Refused} where the relay closed with a code; the signal's reason when aborted
   */
  static async open(options: TunnelConnectionOptions): Promise<TunnelConnection> {
    const { relay, signal, framing } = options;
    let connection: TunnelConnection | undefined;
    try {
      await connect(tunnelUrl(relay), {
        subprotocol: SUBPROTOCOL,
        maxBytes: MESSAGE_BYTES,
        timeoutMs: OPEN_MS,
        framing,
        signal,
        prepare: (socket) => limitUnsent(socket, UNSENT_BYTES),
        opened: (socket) => {
          connection = new TunnelConnection(socket, options);
          return connection;
        },
      });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof UpgradeRefused) throw afterUpgradeRefused(relay, error.status);
      throw Unreachable.from(relay, error as Error);
    }
    const opened = connection as TunnelConnection | undefined;
    if (opened === undefined) throw new Unreachable(relay, "the connection was cut");
    const late = setTimeout(() => opened.#socket.terminate(), OPEN_MS);
    try {
      await opened.#welcomed.promise;
      return opened;
    } catch (error) {
      opened.#socket.terminate();
      signal.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  get welcome(): Welcome {
    if (this.#welcome === undefined) throw new Error("there was no welcome yet");
    return this.#welcome;
  }

  get trunk(): Trunk {
    if (this.#trunk === undefined) throw new Error("there was no welcome yet");
    return this.#trunk;
  }

  /** Round trip to the relay, in milliseconds; undefined while no ping was answered. */
  get latencyMs(): number | undefined {
    return this.#latencyMs;
  }

  /** Says good-bye. */
  close(): void {
    this.#socket.close(Close.normal, "bye");
  }

  send(message: ClientMessage): void {
    this.#socket.sendText(JSON.stringify(message));
  }

  text(message: string): void {
    this.alive();
    const parsed = parseControl(relayMessage, message);
    if (this.#welcome === undefined) {
      this.#greet(parsed.kind === "message" ? parsed.message : undefined, parsed.kind === "unknown");
    } else if (parsed.kind === "message") {
      if (parsed.message.type === "ping") this.send({ type: "pong", id: parsed.message.id });
      else if (parsed.message.type === "pong") this.#ponged(parsed.message.id);
      else this.#options.control(parsed.message, this);
    } else if (parsed.kind === "malformed") {
      this.#malformed(`${this.#options.relay.host}: ${parsed.problem}`);
    }
  }

  binary(block: Block, size: number): void {
    this.alive();
    try {
      if (this.#trunk === undefined) return this.#notARelay();
      const fault = this.#trunk.receive(block, size);
      if (typeof fault === "string") this.#malformed(fault);
    } finally {
      block.release();
    }
  }

  alive(): void {
    this.#heardAt = performance.now();
  }

  closed(code: number, reason: string): void {
    const how = { code, reason };
    const { relay } = this.#options;
    this.#trunk?.close();
    this.#welcomed.reject(
      code === LOST ? new Unreachable(relay, "the connection was cut") : new Refused(how),
    );
    this.#end(how);
  }

  /** Challenge, hello, welcome. */
  #greet(message: RelayMessage | undefined, unknown: boolean): void {
    if (message?.type === "challenge") {
      const { offload, credentials } = this.#options;
      this.send({
        type: "hello",
        version: PROTOCOL_VERSION,
        client: { name: hostname(), software: SOFTWARE, os: platform() },
        features: FEATURES.filter((feature) => offload || feature !== "offload"),
        auth: credentials.answer(message),
      });
    } else if (message?.type === "welcome") {
      this.#open(message);
    } else if (!unknown) {
      this.#notARelay();
    }
  }

  #open(welcome: Welcome): void {
    this.#welcome = welcome;
    this.#trunk = new Trunk({
      id: "relay",
      sink: this.#socket,
      batch: welcome.features.includes("batch"),
      offload: welcome.features.includes("offload"),
      macs: new MacBudget(TUNNEL_MACS),
      pool: blockPool(),
      // No queue: the TAPs' slabs are the bound. While all of them wait here nothing is read, so nothing need be dropped.
    });
    const keepalive = setInterval(() => {
      if (performance.now() - this.#heardAt > SILENCE_SECONDS * 1_000) this.#socket.terminate();
      else this.#ping();
    }, welcome.keepalive_seconds * 1_000);
    void this.ended.then(() => clearInterval(keepalive));
    this.#ping();
    this.#welcomed.resolve();
  }

  #ping(): void {
    this.#pings++;
    this.#pingedAt = performance.now();
    this.send({ type: "ping", id: this.#pings });
  }

  #ponged(id: number | string): void {
    if (id === this.#pings) this.#latencyMs = performance.now() - this.#pingedAt;
  }

  #notARelay(): void {
    this.#welcomed.reject(notARelay(this.#options.relay, "it spoke, but not laneway.v1"));
  }

  #malformed(problem: string): void {
    this.#socket.close(Close.malformed, closeReason(problem));
  }
}

/** The relay closed a connection that was not yet open. */
export class Refused extends Error {
  readonly end: TunnelEnd;

  constructor(end: TunnelEnd) {
    super(`closed with ${end.code}: ${end.reason}`);
    this.end = end;
  }
}

/** Where the tunnel of a relay is: its URL, whatever path it lives under, and then the protocol's own. */
export function tunnelUrl(relay: URL): URL {
  const url = new URL(relay);
  url.protocol = relay.protocol === "https:" ? "wss:" : "ws:";
  url.pathname = `${relay.pathname.replace(/\/+$/, "")}${TUNNEL_PATH}`;
  url.search = "";
  url.hash = "";
  return url;
}
