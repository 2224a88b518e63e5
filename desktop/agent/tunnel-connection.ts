import { hostname, platform } from "node:os";
import { WebSocket } from "ws";
import { MacBudget } from "../../shared/switch/port.ts";
import { Trunk } from "../../shared/switch/trunk.ts";
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
import { limitUnsent } from "../../system/tcp.ts";
import { afterUpgradeRefused, notARelay, Unreachable } from "./tunnel-errors.ts";

/** How long a connection may take until welcome, in milliseconds. */
const OPEN_MS = 15_000;
/** How long the other side may take to answer a close, in milliseconds. */
const CLOSE_MS = 1_000;
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
  readonly token: string;
  /** Whether to ask for the feature `offload`. */
  readonly offload: boolean;
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
export class TunnelConnection {
  readonly welcome: Welcome;
  readonly trunk: Trunk;
  /** Settles, never rejects, when the connection is gone. */
  readonly ended: Promise<TunnelEnd>;
  readonly #ws: WebSocket;

  private constructor(ws: WebSocket, welcome: Welcome, ended: Promise<TunnelEnd>) {
    this.#ws = ws;
    this.welcome = welcome;
    this.ended = ended;
    this.trunk = new Trunk({
      id: "relay",
      sink: ws,
      batch: welcome.features.includes("batch"),
      offload: welcome.features.includes("offload"),
      macs: new MacBudget(TUNNEL_MACS),
      // No queue: the TAPs' slabs are the bound. While all of them wait here nothing is read, so nothing need be dropped.
    });
  }

  /**
   * Connects and says who we are.
   *
   * @returns the connection once it was welcomed
   * @throws Fault where another attempt would be no better, {@link Unreachable} where it may be,
   * {@link Refused} where the relay closed with a code; the signal's reason when aborted
   */
  static async open(options: TunnelConnectionOptions): Promise<TunnelConnection> {
    const { relay, token, offload, signal } = options;
    signal.throwIfAborted();
    const ws = new WebSocket(tunnelUrl(relay), SUBPROTOCOL, {
      perMessageDeflate: false,
      maxPayload: MESSAGE_BYTES,
      handshakeTimeout: OPEN_MS,
    });
    ws.on("upgrade", ({ socket }) => limitUnsent(socket, UNSENT_BYTES));
    const ended = end(ws);
    const abort = () => closeSoon(ws, Close.normal, "bye");
    signal.addEventListener("abort", abort);
    void ended.then(() => signal.removeEventListener("abort", abort));
    const late = setTimeout(() => ws.terminate(), OPEN_MS);
    try {
      const welcome = await greet(ws, ended, relay, token, offload);
      const connection = new TunnelConnection(ws, welcome, ended);
      connection.#attend(options);
      return connection;
    } catch (error) {
      ws.terminate();
      signal.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  send(message: ClientMessage): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.send(JSON.stringify(message));
  }

  #attend({ control, relay }: TunnelConnectionOptions): void {
    const ws = this.#ws;
    let heardAt = performance.now();
    let pings = 0;
    const keepalive = setInterval(() => {
      if (performance.now() - heardAt > SILENCE_SECONDS * 1_000) ws.terminate();
      else this.send({ type: "ping", id: ++pings });
    }, this.welcome.keepalive_seconds * 1_000);
    void this.ended.then(() => clearInterval(keepalive));
    const heard = () => {
      heardAt = performance.now();
    };
    ws.on("ping", heard);
    ws.on("message", (data, isBinary) => {
      heard();
      if (isBinary) {
        const fault = this.trunk.receive(data as Buffer);
        if (fault !== undefined) closeSoon(ws, Close.malformed, fault);
        return;
      }
      const parsed = parseControl(relayMessage, data.toString());
      if (parsed.kind === "message") {
        if (parsed.message.type === "ping") this.send({ type: "pong", id: parsed.message.id });
        else control(parsed.message, this);
      } else if (parsed.kind === "malformed") {
        closeSoon(ws, Close.malformed, `${relay.host}: ${parsed.problem}`);
      }
    });
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

function end(ws: WebSocket): Promise<TunnelEnd> {
  return new Promise((resolve) => {
    ws.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    // `close` follows every error, and before the connection is open greet() tells of it.
    ws.on("error", () => {});
  });
}

function closeSoon(ws: WebSocket, code: number, reason: string): void {
  if (ws.readyState === WebSocket.CONNECTING) return ws.terminate();
  ws.close(code, closeReason(reason));
  setTimeout(() => ws.terminate(), CLOSE_MS).unref();
}

/** Challenge, hello, welcome. */
async function greet(
  ws: WebSocket,
  ended: Promise<TunnelEnd>,
  relay: URL,
  token: string,
  offload: boolean,
): Promise<Welcome> {
  return await new Promise((resolve, reject) => {
    ws.on("unexpected-response", (_request, response) => {
      response.resume();
      reject(afterUpgradeRefused(relay, response.statusCode ?? 0));
    });
    ws.on("error", (error) => reject(Unreachable.from(relay, error)));
    void ended.then((how) =>
      reject(how.code === 1006 ? new Unreachable(relay, "the connection was cut") : new Refused(how)),
    );
    const listen = (data: WebSocket.RawData, isBinary: boolean) => {
      const parsed = isBinary ? undefined : parseControl(relayMessage, data.toString());
      const message = parsed?.kind === "message" ? parsed.message : undefined;
      if (message?.type === "challenge") {
        const hello: ClientMessage = {
          type: "hello",
          version: PROTOCOL_VERSION,
          client: { name: hostname(), software: SOFTWARE, os: platform() },
          features: FEATURES.filter((feature) => offload || feature !== "offload"),
          auth: { method: "token", token },
        };
        ws.send(JSON.stringify(hello));
      } else if (message?.type === "welcome") {
        ws.off("message", listen);
        resolve(message);
      } else if (parsed?.kind !== "unknown") {
        reject(notARelay(relay, "it spoke, but not laneway.v1"));
      }
    };
    ws.on("message", listen);
  });
}
