import type { Socket } from "node:net";
import { hostname, platform } from "node:os";
import { Close, closeReason } from "../../../shared/protocol/close.ts";
import {
  FEATURES,
  MESSAGE_BYTES,
  PROTOCOL_VERSION,
  SILENCE_SECONDS,
  SUBPROTOCOL,
  TUNNEL_PATH,
} from "../../../shared/protocol/constants.ts";
import {
  type ClientMessage,
  parseControl,
  type RelayMessage,
  relayMessage,
  type Welcome,
} from "../../../shared/protocol/control.ts";
import { MacBudget } from "../../../shared/switch/port.ts";
import type { Block } from "../../../shared/tunnel/block.ts";
import { Tunnel } from "../../../shared/tunnel/tunnel.ts";
import { Fault } from "../../../shared/values/fault.ts";
import { plainText } from "../../../shared/values/plain-text.ts";
import { blockPool } from "../../../system/memory.ts";
import { limitUnsent } from "../../../system/tcp.ts";
import { connect } from "../../../system/websocket/connect.ts";
import { LOST } from "../../../system/websocket/frame.ts";
import type { Framing } from "../../../system/websocket/framing.ts";
import type { MessageEvents, MessageSocket } from "../../../system/websocket/message-socket.ts";
import type { Credentials } from "../identity/credentials.ts";
import { AddressChecks, type Checked } from "../network/address-checks.ts";
import { dial } from "../reach/dial.ts";
import { basic, PLAIN, type Reach } from "../reach/reach.ts";
import { RelayMessageBudget } from "../trust/control-budget.ts";
import type { Refusal } from "../trust/refusal.ts";
import { judgeWelcome } from "../trust/welcome.ts";
import { watchForAnswer } from "./answer-watch.ts";
import { notARelay, relayUnreachable, type TunnelEnd } from "./tunnel-errors.ts";
import { upgradeFault } from "./upgrade-fault.ts";

/** Maximum time from the start of a connection to `welcome`, in milliseconds. */
const OPEN_MS = 15_000;
/** Source addresses behind a tunnel: all the machines of all networks joined. */
const TUNNEL_MACS = 65_536;
/**
 * Bytes that the kernel may hold unsent: enough to keep a line busy, but a ping behind a transfer waits only
 * milliseconds.
 */
const UNSENT_BYTES = 128 * 1024;
/** Unsent bytes above which pings are not answered, so that a relay that asks and does not read cannot fill memory. */
const UNREAD_BYTES = 4 * 1024 * 1024;
/** RFC 6455 section 7.4.1: a message that violates the receiver's policy. */
const POLICY = 1008;
const SOFTWARE = "laneway/0.1.0";

export interface TunnelConnectionOptions {
  /** The relay's base URL. */
  readonly relay: URL;
  /** How to reach the relay; by default directly or through the environment's proxy. */
  readonly reach?: Reach;
  readonly credentials: Credentials;
  /** Whether to ask for the feature `offload`. */
  readonly offload: boolean;
  readonly framing: Framing;
  /** Ends the attempt, or the open connection. */
  readonly signal: AbortSignal;
  /** Called with every control message after `welcome`. */
  control(message: RelayMessage, connection: TunnelConnection): void;
}

/** One WebSocket to a relay, from the upgrade to its close. */
export class TunnelConnection implements MessageEvents {
  /** Resolves, never rejects, when the connection is gone. */
  readonly ended: Promise<TunnelEnd>;
  readonly #socket: MessageSocket;
  readonly #options: TunnelConnectionOptions;
  readonly #welcomed = Promise.withResolvers<void>();
  readonly #end: (how: TunnelEnd) => void;
  readonly #budget = new RelayMessageBudget();
  /** The two addresses of the connection; undefined if the system does not tell. */
  readonly ends: { readonly local: string | undefined; readonly remote: string | undefined };
  #isChallenged = false;
  #replaced = false;
  #welcome: Welcome | undefined;
  #refusals: readonly Refusal[] = [];
  /** VNIs with a `join` that is not answered yet, and how many. */
  readonly #joining = new Map<number, number>();
  #hasJoined = false;
  /** Why this side ends the connection; further messages are not read. */
  #ending: TunnelEnd | undefined;
  #tunnel: Tunnel | undefined;
  #heardAt = performance.now();
  readonly #checks = new AddressChecks();
  /** Number of the last ping, and the time it was sent. */
  #pings = 0;
  #pingedAt = 0;
  /** Number of the last ping that was answered. */
  #ponged = 0;
  #latencyMs: number | undefined;

  private constructor(
    socket: MessageSocket,
    ends: TunnelConnection["ends"],
    options: TunnelConnectionOptions,
  ) {
    this.#socket = socket;
    this.ends = ends;
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<TunnelEnd>();
    this.ended = promise;
    this.#end = resolve;
    // Callers of `open` get the error; it may come before they listen.
    this.#welcomed.promise.catch(() => {});
    const bye = () => this.close();
    options.signal.addEventListener("abort", bye);
    void promise.then(() => options.signal.removeEventListener("abort", bye));
  }

  /**
   * Connects and authenticates.
   *
   * @returns the connection after its welcome
   * @throws {@link Unreachable} if another attempt may succeed, {@link Refused} if the relay closed with a code, Fault
   * `usage.proxy`; the signal's reason when aborted
   */
  static async open(options: TunnelConnectionOptions): Promise<TunnelConnection> {
    const { relay, signal, framing, reach = PLAIN } = options;
    let connection: TunnelConnection | undefined;
    let below: Socket | undefined;
    try {
      await connect(tunnelUrl(relay), {
        subprotocol: SUBPROTOCOL,
        maxBytes: MESSAGE_BYTES,
        timeoutMs: OPEN_MS,
        framing,
        signal,
        ...(reach.login === undefined ? {} : { headers: { authorization: basic(reach.login) } }),
        dial: (attempt) => dial(relay, reach, attempt),
        prepare: (socket) => {
          below = socket;
          limitUnsent(socket, UNSENT_BYTES);
        },
        opened: (socket) => {
          const ends = { local: below?.localAddress, remote: below?.remoteAddress };
          connection = new TunnelConnection(socket, ends, options);
          return connection;
        },
      });
    } catch (error) {
      signal.throwIfAborted();
      // The user must correct an invalid proxy URL.
      if (error instanceof Fault) throw error;
      throw await upgradeFault(relay, reach, error as Error, signal);
    }
    const opened = connection as TunnelConnection | undefined;
    if (opened === undefined) throw relayUnreachable(relay, "the connection was cut");
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

  get tunnel(): Tunnel {
    if (this.#tunnel === undefined) throw new Error("there was no welcome yet");
    return this.#tunnel;
  }

  /** Refused values of the welcome. */
  get refusals(): readonly Refusal[] {
    return this.#refusals;
  }

  /** The relay's addresses that this machine knows. */
  get relayAddresses(): readonly string[] {
    const { hostname: host } = this.#options.relay;
    const { remote } = this.ends;
    return [host.replace(/^\[|\]$/g, ""), ...(remote === undefined ? [] : [remote])];
  }

  /** Whether it has joined a network. */
  get hasJoined(): boolean {
    return this.#hasJoined;
  }

  /** Returns whether a `join` of this VNI waits for its answer. */
  isJoining(vni: number | undefined): boolean {
    return vni === undefined ? this.#joining.size > 0 : this.#joining.has(vni);
  }

  /** Round trip to the relay, in milliseconds; undefined before the first answered ping. */
  get latencyMs(): number | undefined {
    return this.#latencyMs;
  }

  /** Closes the connection. */
  close(): void {
    this.#socket.close(Close.normal, "bye");
  }

  /** Whether it ended because this machine's path to the relay changed. */
  get isReplaced(): boolean {
    return this.#replaced;
  }

  /** Cuts the connection, because nothing arrives over it any more. */
  replace(reason: string): void {
    this.#replaced = true;
    this.#ending ??= { code: LOST, reason };
    this.#socket.terminate();
  }

  /** Probes the relay, and {@link replace}s the connection if no answer comes in time. */
  probe(reason: string): void {
    this.#ping();
    const id = this.#pings;
    const end = watchForAnswer({
      latencyMs: this.#latencyMs ?? 0,
      isAnswered: () => this.#ponged >= id,
      heardAt: () => this.#heardAt,
      late: () => this.replace(reason),
    });
    void this.ended.then(end);
  }

  /** Asks the relay for objections to this machine's address (CIDR); resolves to undefined without an answer. */
  async check(vni: number, cidr: string): Promise<Checked | undefined> {
    if (this.#ending !== undefined || this.#welcome?.features.includes("check") !== true) return undefined;
    const [address = ""] = cidr.split("/");
    const answer = this.#checks.answer(vni, address);
    this.send({ type: "check", vni, address });
    return await answer;
  }

  send(message: ClientMessage): void {
    if (message.type === "join") this.#joining.set(message.vni, (this.#joining.get(message.vni) ?? 0) + 1);
    this.#socket.sendText(JSON.stringify(message));
  }

  text(message: string): void {
    if (this.#ending !== undefined) return;
    this.alive();
    if (!this.#budget.take(message.length)) {
      return this.#close(POLICY, "the relay sent too many control messages");
    }
    const parsed = parseControl(relayMessage, message);
    // Unknown types belong to later versions.
    if (parsed.kind === "unknown") return;
    if (parsed.kind === "message" && this.#welcome !== undefined) return this.#control(parsed.message);
    if (parsed.kind === "message") return this.#greet(parsed.message);
    if (this.#welcome === undefined) return this.#notARelay();
    this.#malformed(parsed.kind === "malformed" ? parsed.problem : `${parsed.type}: ${parsed.problem}`);
  }

  binary(block: Block, size: number): void {
    if (this.#ending !== undefined) return block.release();
    this.alive();
    try {
      if (this.#tunnel === undefined) return this.#notARelay();
      const fault = this.#tunnel.receive(block, size);
      if (typeof fault === "string") this.#malformed(fault);
    } finally {
      block.release();
    }
  }

  alive(): void {
    this.#heardAt = performance.now();
  }

  closed(code: number, reason: string): void {
    const how = this.#ending ?? { code, reason: plainText(reason) };
    const { relay } = this.#options;
    this.#tunnel?.close();
    this.#checks.close();
    this.#welcomed.reject(
      how.code === LOST ? relayUnreachable(relay, "the connection was cut") : new Refused(how),
    );
    this.#end(how);
  }

  /** Handles challenge and welcome; each comes once. */
  #greet(message: RelayMessage): void {
    if (message.type === "challenge" && !this.#isChallenged) {
      this.#isChallenged = true;
      const { offload, credentials } = this.#options;
      this.send({
        type: "hello",
        version: PROTOCOL_VERSION,
        client: { name: hostname(), software: SOFTWARE, os: platform() },
        features: FEATURES.filter((feature) => offload || feature !== "offload"),
        auth: credentials.answer(message),
      });
    } else if (message.type === "welcome" && this.#isChallenged) {
      this.#open(message);
    } else {
      this.#notARelay();
    }
  }

  /** Handles control messages after `welcome`. */
  #control(message: RelayMessage): void {
    const { type } = message;
    if (type === "challenge" || type === "welcome") return this.#malformed(`a second ${type}`);
    if (type === "ping") {
      if (this.#socket.bufferedAmount <= UNREAD_BYTES) this.send({ type: "pong", id: message.id });
    } else if (type === "pong") {
      this.#answeredPing(message.id);
    } else if (type === "checked") {
      this.#checks.answered(message);
    } else if (type === "joined" && !this.#answered(message.vni)) {
      this.#malformed(`joined VNI ${message.vni}, which this client did not ask for`);
    } else {
      if (type === "joined") this.#hasJoined = true;
      this.#options.control(message, this);
      if (type === "error" && message.request === "join" && message.vni !== undefined) {
        this.#answered(message.vni);
      }
    }
  }

  /** Notes the answer to a `join`. Returns whether one was waiting. */
  #answered(vni: number): boolean {
    const count = this.#joining.get(vni);
    if (count === undefined) return false;
    if (count === 1) this.#joining.delete(vni);
    else this.#joining.set(vni, count - 1);
    return true;
  }

  #open(said: Welcome): void {
    const { welcome, refusals } = judgeWelcome(said, this.#options.relay.hostname);
    this.#welcome = welcome;
    this.#refusals = refusals;
    this.#tunnel = new Tunnel({
      id: "relay",
      sink: this.#socket,
      batch: welcome.features.includes("batch"),
      offload: this.#options.offload && welcome.features.includes("offload"),
      macs: new MacBudget(TUNNEL_MACS),
      pool: blockPool(),
      // No queue: the TAPs' slabs are the bound. While all of them wait here nothing is read, so nothing need be
      // dropped.
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

  #answeredPing(id: number | string): void {
    if (typeof id !== "number" || id > this.#pings) return;
    this.#ponged = Math.max(this.#ponged, id);
    if (id === this.#pings) this.#latencyMs = performance.now() - this.#pingedAt;
  }

  #notARelay(): void {
    this.#ending ??= { code: Close.malformed, reason: "not laneway.v1", isOurs: true };
    this.#welcomed.reject(notARelay(this.#options.relay, "it spoke, but not laneway.v1"));
  }

  #malformed(problem: string): void {
    this.#close(Close.malformed, `the relay broke the protocol: ${problem}`);
  }

  /** Ends the connection by this side's decision. */
  #close(code: number, reason: string): void {
    if (this.#ending !== undefined) return;
    this.#ending = { code, reason: plainText(reason, 256), isOurs: true };
    this.#socket.close(code, closeReason(this.#ending.reason));
  }
}

/** The relay closed a connection that was not yet welcomed. */
export class Refused extends Error {
  readonly end: TunnelEnd;

  constructor(end: TunnelEnd) {
    super(`closed with ${end.code}: ${end.reason}`);
    this.end = end;
  }
}

/** Returns the URL of a relay's tunnel: its base URL, then the protocol's path. */
export function tunnelUrl(relay: URL): URL {
  const url = new URL(relay);
  url.protocol = relay.protocol === "https:" ? "wss:" : "ws:";
  url.pathname = `${relay.pathname.replace(/\/+$/, "")}${TUNNEL_PATH}`;
  url.search = "";
  url.hash = "";
  return url;
}
