/** The relay under Node: `ws` for the tunnels, node:http(s) for the rest, and nothing but adapting. */
import { createServer, type IncomingMessage, type Server as NodeServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { type WebSocket, WebSocketServer } from "ws";
import {
  KEEPALIVE_SECONDS,
  MESSAGE_BYTES,
  SILENCE_SECONDS,
  SUBPROTOCOL,
  TUNNEL_PATH,
} from "../shared/tunnel/constants.ts";
import { limitUnsent } from "../system/tcp.ts";
import { bearer } from "./http/admin.ts";
import type { ConnectionEvents, TunnelSocket } from "./hub/socket.ts";
import type { RelayOptions } from "./options.ts";
import type { Relay, Server } from "./relay.ts";

/**
 * Bytes that the kernel may hold unsent. What is there can't be reordered or dropped any more, so it is kept to what
 * a line needs; the queue before it is the one that is fair.
 */
const UNSENT_BYTES = 128 * 1024;

/** How long a close handshake or a request under way may take, in milliseconds. */
const CLOSE_MS = 2_000;

/** @throws the system's error where the address can't be listened on */
export async function serve(relay: Relay, { hostname, port, tls }: RelayOptions): Promise<Server> {
  const listener = getRequestListener(relay.fetch);
  // Others may ask for h2c, which may be declined: their request is answered as if they had not (RFC 9110 section 7.8).
  const upgrades = {
    shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === "websocket",
  };
  const server: NodeServer =
    tls === undefined ? createServer(upgrades, listener) : createTlsServer({ ...tls, ...upgrades }, listener);
  const scheme = tls === undefined ? "http" : "https";
  const tunnels = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    // A little more than the limit, so that it is the session that says why it closes.
    maxPayload: 2 * MESSAGE_BYTES,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  });

  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const path = (request.url ?? "").split("?", 1)[0] ?? "";
    if (!path.endsWith(TUNNEL_PATH)) {
      socket.end("HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    socket.setNoDelay(true);
    limitUnsent(socket, UNSENT_BYTES);
    tunnels.handleUpgrade(request, socket, head, (ws) => {
      const events = relay.hub.accept({
        socket: adapt(ws, socket),
        address: socket.remoteAddress ?? "",
        origin: relay.publicOrigin ?? `${scheme}://${request.headers.host ?? `${hostname}:${port}`}`,
        subprotocol: ws.protocol === SUBPROTOCOL,
        bearer: bearer(request.headers.authorization),
      });
      attend(ws, events);
    });
  });

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, resolve);
  });
  const address = server.address() as AddressInfo;
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return {
    url: `${scheme}://${host}:${address.port}`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      const cut = setTimeout(() => {
        for (const ws of tunnels.clients) ws.terminate();
        server.closeAllConnections();
      }, CLOSE_MS);
      server.closeIdleConnections();
      await closed;
      clearTimeout(cut);
    },
  };
}

function adapt(ws: WebSocket, socket: Socket): TunnelSocket {
  let buffered = 0;
  const uncork = () => socket.uncork();
  return {
    get bufferedAmount() {
      return buffered;
    },
    send: (message, sent) => {
      // All that one turn of the event loop sends here leaves by one system call.
      if (socket.writableCorked === 0) {
        socket.cork();
        process.nextTick(uncork);
      }
      buffered += message.length;
      ws.send(message, () => {
        buffered -= message.length;
        sent?.();
      });
    },
    sendText: (text) => {
      buffered += text.length;
      ws.send(text, () => {
        buffered -= text.length;
      });
    },
    close: (code, reason) => {
      ws.close(code, reason);
      setTimeout(() => ws.terminate(), CLOSE_MS).unref();
    },
  };
}

/** Hands on what comes in, and gives up a connection that has fallen silent. */
function attend(ws: WebSocket, events: ConnectionEvents): void {
  let heardAt = performance.now();
  const keepalive = setInterval(() => {
    if (performance.now() - heardAt > SILENCE_SECONDS * 1_000) ws.terminate();
    else ws.ping();
  }, KEEPALIVE_SECONDS * 1_000);
  ws.on("message", (data, isBinary) => {
    heardAt = performance.now();
    if (isBinary) events.binary(data as Buffer);
    else events.text(data.toString());
  });
  ws.on("pong", () => {
    heardAt = performance.now();
  });
  // What is wrong with the WebSocket itself, `ws` answers with the close code of RFC 6455; `close` follows.
  ws.on("error", () => {});
  ws.on("close", () => {
    clearInterval(keepalive);
    events.closed();
  });
}
