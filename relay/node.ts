/** The relay under Node: `ws` for the tunnels, node:http(s) for the rest, and nothing but adapting. */
import { createServer, type IncomingMessage, type Server as NodeServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { DEFAULT_CIPHERS } from "node:tls";
import { getRequestListener } from "@hono/node-server";
import {
  KEEPALIVE_SECONDS,
  MESSAGE_BYTES,
  SILENCE_SECONDS,
  SUBPROTOCOL,
  TUNNEL_PATH,
} from "../shared/tunnel/constants.ts";
import { limitUnsent } from "../system/tcp.ts";
import { accepting } from "../system/websocket/accept.ts";
import type { MessageSocket } from "../system/websocket/message-socket.ts";
import { bearer } from "./http/access.ts";
import { acceptEthernet } from "./hub/ethernet.ts";
import type { ConnectionEvents } from "./hub/socket.ts";
import type { RelayOptions } from "./options.ts";
import type { Relay, Server } from "./relay.ts";

/**
 * Bytes that the kernel may hold unsent. What is there can't be reordered or dropped any more, so it is kept to what
 * a line needs; the queue before it is the one that is fair.
 */
const UNSENT_BYTES = 128 * 1024;

/** The relay's first choice is a seventh quicker than Node's, with 256 bits, and as safe; who wants another still gets it. */
const CIPHERS = `TLS_AES_128_GCM_SHA256:${DEFAULT_CIPHERS}`;

/** Raw Ethernet: the access token is the path's last part, as other people's clients can be given nothing but a URL. */
const ETHERNET_PATH = /\/v1\/ethernet\/([^/]+)$/;

/** How long a close handshake or a request under way may take, in milliseconds. */
const CLOSE_MS = 2_000;

/** @throws the system's error where the address can't be listened on */
export async function serve(relay: Relay, options: RelayOptions): Promise<Server> {
  const { hostname, port, tls, framing, trustedProxies } = options;
  const addressOf = ({ socket, headers }: Pick<IncomingMessage, "socket" | "headers">) =>
    trustedProxies.addressOf(socket.remoteAddress ?? "", headers["x-forwarded-for"]?.toString());
  const listener = getRequestListener((request, { incoming }) => relay.fetch(request, addressOf(incoming)));
  // Others may ask for h2c, which may be declined: their request is answered as if they had not (RFC 9110 section 7.8).
  const upgrades = {
    shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === "websocket",
  };
  const server: NodeServer =
    tls === undefined
      ? createServer(upgrades, listener)
      : createTlsServer({ ...tls, ciphers: CIPHERS, ...upgrades }, listener);
  const scheme = tls === undefined ? "http" : "https";
  const accept = accepting({
    // A little more than the limit, so that it is the session that says why it closes.
    maxBytes: 2 * MESSAGE_BYTES,
    subprotocol: SUBPROTOCOL,
    framing,
  });
  const tunnels = new Set<MessageSocket>();

  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const path = (request.url ?? "").split("?", 1)[0] ?? "";
    const [, ethernetToken] = ETHERNET_PATH.exec(path) ?? [];
    if (ethernetToken === undefined && !path.endsWith(TUNNEL_PATH)) {
      socket.end("HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    socket.setNoDelay(true);
    limitUnsent(socket, UNSENT_BYTES);
    accept(request, socket, head, (accepted) => {
      const { socket: tunnel, subprotocol } = accepted;
      const connection = {
        socket: tunnel,
        address: addressOf(request),
        origin: relay.publicOrigin ?? `${scheme}://${request.headers.host ?? `${hostname}:${port}`}`,
        subprotocol,
        bearer: ethernetToken ?? bearer(request.headers.authorization),
      };
      const events =
        ethernetToken === undefined ? relay.hub.accept(connection) : acceptEthernet(connection, relay.hub);
      attend(tunnel, events, tunnels);
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
        for (const tunnel of tunnels) tunnel.terminate();
        server.closeAllConnections();
      }, CLOSE_MS);
      server.closeIdleConnections();
      await closed;
      clearTimeout(cut);
    },
  };
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
