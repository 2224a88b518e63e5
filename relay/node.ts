/** Adapts the relay to Node: `ws` for the tunnels, node:http(s) for the rest. */
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
 * Maximum number of unsent bytes in the kernel. They can no longer be reordered or dropped, so the limit is just what a
 * line needs; the queue before it is the fair one.
 */
const UNSENT_BYTES = 128 * 1024;

/**
 * Puts first a cipher that is a seventh faster than Node's choice, with 256 bits, and as safe. Clients may still choose
 * others.
 */
const CIPHERS = `TLS_AES_128_GCM_SHA256:${DEFAULT_CIPHERS}`;

/**
 * The path of raw Ethernet. The access token is its last part, because clients of other projects are configured by a
 * URL only.
 */
const ETHERNET_PATH = "/v1/ethernet";

const NO_HOST = [
  "the request does not say which host it is for",
  "Send the relay's name or address as Host, as HTTP has it.",
] as const;

/** Maximum duration of a close handshake or a pending request at shutdown, in milliseconds. */
const CLOSE_MS = 2_000;

/** Limits of a request until the relay answers it. `Connections` limits what comes before. */
const REQUESTS = {
  /** Maximum size of all headers, in bytes. */
  maxHeaderSize: 16_384,
  /** Milliseconds until all headers have arrived, and until the whole request has. */
  headersTimeout: SILENT_MS,
  requestTimeout: 30_000,
  /** Interval between checks of these timeouts, in milliseconds. */
  connectionsCheckingInterval: 2_000,
} as const;

/** Maximum number of headers of a request; the rest is ignored. */
const HEADERS = 100;

/** Milliseconds without traffic in either direction after which a connection is cut. */
const STALLED_MS = 60_000;

/** Minimum interval between log lines about failures to accept, in milliseconds. */
const FAILURE_LOG_MS = 60_000;

/** @throws the system's error if it cannot listen on the address */
export async function serve(relay: Relay, options: RelayOptions): Promise<Server> {
  const { hostname, port, tls, framing, trustedProxies } = options;
  const connections = new Connections({ limits: options.connections, log: relay.log });
  const visits = new Visits(connections, trustedProxies);
  const origins = { publicUrl: options.publicUrl, trustedProxies, tls: tls !== undefined };
  const addressOf = ({ socket, headers }: Pick<IncomingMessage, "socket" | "headers">) =>
    trustedProxies.addressOf(socket.remoteAddress ?? "", headers["x-forwarded-for"]?.toString());
  const reachedAt = ({ socket, headers }: Pick<IncomingMessage, "socket" | "headers">) =>
    originOf({ peer: socket.remoteAddress ?? "", headers }, origins);
  /** The number of pending requests through trusted proxies, by client address. */
  const proxied = new SourceCounter(options.connections.strangersPerAddress);

  const requests = new RequestQueue(relay.hub.visitors);
  const answer = getRequestListener((request, { incoming }) => {
    const at = reachedAt(incoming);
    if (at === undefined) return problemResponse(400, "request.invalid", ...NO_HOST);
    const letIn = () => {
      visits.of(incoming.socket)?.letIn();
      requests.trust(incoming);
    };
    const heard = () => visits.of(incoming.socket)?.heard();
    const fromProxy = trustedProxies.countOf(incoming.socket.remoteAddress ?? "", undefined) > 0;
    return relay.fetch(request, { address: addressOf(incoming), fromProxy, reachedAt: at, letIn, heard });
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
  // Other upgrades, such as h2c, may be declined: the request is answered as if it had not asked (RFC 9110 section
  // 7.8).
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
    // Above the session's own limit, so that the session rejects the message and gives the reason.
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

/** Returns the access token at the end of a raw Ethernet path; undefined for any other path. */
function ethernetTokenOf(path: string): string | undefined {
  const end = path.lastIndexOf("/");
  const token = path.slice(end + 1);
  return token !== "" && path.slice(0, end).endsWith(ETHERNET_PATH) ? token : undefined;
}

function refuseUpgrade(socket: Socket, status: string): void {
  // Destroyed too, because the other side could keep its half open.
  socket.once("finish", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

/** Keeps the relay running when it cannot accept a connection. Logs at most once a minute. */
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
 * Passes messages to the session, and cuts a connection that has fallen silent. Its closures do not reference the
 * request, which would otherwise stay in memory as long as the connection.
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
