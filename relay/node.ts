/** The relay under Node: `ws` for the tunnels, node:http(s) for the rest, and nothing but adapting. */
import {
  createServer,
  type IncomingMessage,
  type Server as NodeServer,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { DEFAULT_CIPHERS } from "node:tls";
import { getRequestListener } from "@hono/node-server";
import type { Logger } from "pino";
import { Close } from "../shared/protocol/close.ts";
import {
  KEEPALIVE_SECONDS,
  MESSAGE_BYTES,
  SILENCE_SECONDS,
  SUBPROTOCOL,
  TUNNEL_PATH,
} from "../shared/protocol/constants.ts";
import { limitUnsent } from "../system/tcp.ts";
import { accepting } from "../system/websocket/accept.ts";
import type { MessageSocket } from "../system/websocket/message-socket.ts";
import { Connections, SILENT_MS } from "./arrivals/connections.ts";
import { SourceCounter } from "./arrivals/source.ts";
import { Visits } from "./arrivals/visits.ts";
import { bearer } from "./http/kernel/access.ts";
import { problemResponse } from "./http/kernel/problem.ts";
import { RequestQueue } from "./http/request-queue.ts";
import { HUB_LIMITS } from "./hub/limits.ts";
import { acceptEthernet } from "./hub/session/ethernet.ts";
import type { ConnectionEvents } from "./hub/session/socket.ts";
import type { RelayOptions } from "./options.ts";
import { originOf } from "./origin.ts";
import type { Relay, Server } from "./relay.ts";

/**
 * Bytes that the kernel may hold unsent. What is there can't be reordered or dropped any more, so it is kept to what
 * a line needs; the queue before it is the one that is fair.
 */
const UNSENT_BYTES = 128 * 1024;

/** The relay's first choice is a seventh quicker than Node's, with 256 bits, and as safe; who wants another still gets it. */
const CIPHERS = `TLS_AES_128_GCM_SHA256:${DEFAULT_CIPHERS}`;

/** Raw Ethernet: the access token is the path's last part, as other people's clients can be given nothing but a URL. */
const ETHERNET_PATH = "/v1/ethernet";

const NO_HOST = [
  "the request does not say which host it is for",
  "Send the relay's name or address as Host, as HTTP has it.",
] as const;

/** How long a close handshake or a request under way may take, in milliseconds. */
const CLOSE_MS = 2_000;

/**
 * What bounds a request before the relay answers it. Connections.ts counts and times what comes before.
 */
const REQUESTS = {
  /** Bytes of all headers. */
  maxHeaderSize: 16_384,
  /** Milliseconds until all headers are there, and until the body is. */
  headersTimeout: SILENT_MS,
  requestTimeout: 30_000,
  /** How often these are looked at, in milliseconds. */
  connectionsCheckingInterval: 2_000,
} as const;

/** How many headers are kept of a request. */
const HEADERS = 100;

/** Milliseconds after which a connection is cut whose other side takes nothing of an answer, or sends nothing. */
const STALLED_MS = 60_000;

/** How often the log is told that connections can't be accepted, in milliseconds. */
const FAILURE_LOG_MS = 60_000;

/** @throws the system's error where the address can't be listened on */
export async function serve(relay: Relay, options: RelayOptions): Promise<Server> {
  const { hostname, port, tls, framing, trustedProxies } = options;
  const connections = new Connections({ limits: options.connections, log: relay.log });
  const visits = new Visits(connections, trustedProxies);
  const origins = { publicUrl: options.publicUrl, trustedProxies, tls: tls !== undefined };
  const addressOf = ({ socket, headers }: Pick<IncomingMessage, "socket" | "headers">) =>
    trustedProxies.addressOf(socket.remoteAddress ?? "", headers["x-forwarded-for"]?.toString());
  const reachedAt = ({ socket, headers }: Pick<IncomingMessage, "socket" | "headers">) =>
    originOf({ peer: socket.remoteAddress ?? "", headers }, origins);
  /** Requests under way that came through trusted proxies, by where they really come from. */
  const proxied = new SourceCounter(options.connections.strangersPerAddress);

  const requests = new RequestQueue(relay.hub.visitors);
  const answer = getRequestListener((request, { incoming }) => {
    const at = reachedAt(incoming);
    if (at === undefined) return problemResponse(400, "request.invalid", ...NO_HOST);
    const letIn = () => {
      visits.of(incoming.socket)?.letIn();
      requests.trust(incoming);
    };
    return relay.fetch(request, { address: addressOf(incoming), reachedAt: at, letIn });
  });
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const visit = visits.of(incoming.socket);
    visit?.heard();
    outgoing.once("close", () => visit?.heard());
    if (trustedProxies.countOf(incoming.socket.remoteAddress ?? "", undefined) > 0) {
      const address = addressOf(incoming);
      if (proxied.isFull(address)) {
        outgoing.writeHead(503, { "retry-after": "10", "content-length": "0" }).end();
        return;
      }
      proxied.add(address);
      outgoing.once("close", () => proxied.remove(address));
    }
    requests.take(incoming, outgoing, () => void answer(incoming, outgoing));
  };
  // Others may ask for h2c, which may be declined: their request is answered as if they had not (RFC 9110 section 7.8).
  const upgrades = {
    ...REQUESTS,
    shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === "websocket",
  };
  const tlsServer =
    tls &&
    createTlsServer(
      { cert: tls.cert, key: tls.key, ciphers: CIPHERS, handshakeTimeout: SILENT_MS, ...upgrades },
      listener,
    );
  const server: NodeServer = tlsServer ?? createServer(upgrades, listener);
  server.maxHeadersCount = HEADERS;
  server.setTimeout(STALLED_MS);
  server.on("connection", (socket: Socket) => visits.enter(socket));
  const scheme = tls === undefined ? "http" : "https";
  const accept = accepting({
    // A little more than the limit, so that it is the session that says why it closes.
    maxBytes: 2 * MESSAGE_BYTES,
    first: { bytes: HUB_LIMITS.helloBytes, code: Close.malformed },
    subprotocol: SUBPROTOCOL,
    framing,
  });
  const tunnels = new Set<MessageSocket>();

  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const path = (request.url ?? "").split("?", 1)[0] ?? "";
    const ethernetToken = ethernetTokenOf(path);
    if (ethernetToken === undefined && !path.endsWith(TUNNEL_PATH))
      return refuseUpgrade(socket, "404 Not Found");
    const at = reachedAt(request);
    if (at === undefined) return refuseUpgrade(socket, "400 Bad Request");
    const visit = visits.of(socket);
    visit?.heard();
    socket.setNoDelay(true);
    limitUnsent(socket, UNSENT_BYTES);
    accept(request, socket, head, (accepted) => {
      const { socket: tunnel, subprotocol } = accepted;
      const connection = {
        socket: tunnel,
        address: addressOf(request),
        origin: at.origin,
        subprotocol,
        bearer: ethernetToken ?? bearer(request.headers.authorization),
        letIn: () => {
          tunnel.allow(2 * MESSAGE_BYTES);
          visit?.letIn();
        },
      };
      const events =
        ethernetToken === undefined ? relay.hub.accept(connection) : acceptEthernet(connection, relay.hub);
      attend(tunnel, events, tunnels);
    });
  });

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, () => {
      server.off("error", reject);
      resolve();
    });
  });
  logFailures(server, relay.log);
  const address = server.address() as AddressInfo;
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return {
    url: `${scheme}://${host}:${address.port}`,
    useCertificate: ({ cert, key }) => tlsServer?.setSecureContext({ cert, key, ciphers: CIPHERS }),
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      const cut = setTimeout(() => {
        for (const tunnel of tunnels) tunnel.terminate();
        server.closeAllConnections();
      }, CLOSE_MS);
      server.closeIdleConnections();
      await closed;
      clearTimeout(cut);
      connections.close();
    },
  };
}

/** The access token at the end of a path of raw Ethernet; undefined of any other path. */
function ethernetTokenOf(path: string): string | undefined {
  const end = path.lastIndexOf("/");
  const token = path.slice(end + 1);
  return token !== "" && path.slice(0, end).endsWith(ETHERNET_PATH) ? token : undefined;
}

function refuseUpgrade(socket: Socket, status: string): void {
  // Not only ended: the other side could keep its half open.
  socket.once("finish", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

/** Has the relay go on when a connection can't be accepted. The log is told once a minute. */
function logFailures(server: NodeServer, log: Logger): void {
  let loggedAt = Number.NEGATIVE_INFINITY;
  server.on("error", (error) => {
    const now = performance.now();
    if (now - loggedAt < FAILURE_LOG_MS) return;
    loggedAt = now;
    log.error({ err: error }, "a connection can't be accepted");
  });
}

/**
 * Hands on what comes in, and gives up a connection that has fallen silent. What it makes for the connection's life knows
 * nothing of the request, which would otherwise live as long.
 */
function attend(socket: MessageSocket, events: ConnectionEvents, tunnels: Set<MessageSocket>): void {
  tunnels.add(socket);
  let heardAt = performance.now();
  const heard = () => {
    heardAt = performance.now();
  };
  const keepalive = setInterval(() => {
    if (performance.now() - heardAt > SILENCE_SECONDS * 1_000) socket.terminate();
    else socket.ping();
  }, KEEPALIVE_SECONDS * 1_000);
  socket.listen({
    text: (message) => {
      heard();
      events.text(message);
    },
    binary: (block, size) => {
      heard();
      events.binary(block, size);
    },
    alive: heard,
    closed: () => {
      clearInterval(keepalive);
      tunnels.delete(socket);
      events.closed();
    },
  });
}
