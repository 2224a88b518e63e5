/**
 * The relay under Deno, and nothing but adapting: `deno run --allow-all relay/deno.ts [options of laneway relay]`.
 */

import { explain } from "../shared/fault.ts";
import { SUBPROTOCOL, TUNNEL_PATH } from "../shared/tunnel/constants.ts";
import { bearer } from "./http/admin.ts";
import type { TunnelSocket } from "./hub/socket.ts";
import { runRelay } from "./main.ts";
import { type RelayOptions, relayCommand } from "./options.ts";
import type { Relay, Server } from "./relay.ts";

function serve(relay: Relay, { hostname, port, tls }: RelayOptions): Promise<Server> {
  const scheme = tls === undefined ? "http" : "https";
  const handler = (
    request: Request,
    info: Deno.ServeHandlerInfo<Deno.NetAddr>,
  ): Response | Promise<Response> => {
    const url = new URL(request.url);
    if (
      request.headers.get("upgrade")?.toLowerCase() !== "websocket" ||
      !url.pathname.endsWith(TUNNEL_PATH)
    ) {
      return relay.fetch(request);
    }
    const offered = request.headers.get("sec-websocket-protocol")?.split(/\s*,\s*/) ?? [];
    const subprotocol = offered.includes(SUBPROTOCOL);
    // Deno's own keepalive (idleTimeout, 30 s) stands in for ours: it pings, and closes what stays silent.
    const { socket, response } = Deno.upgradeWebSocket(request, subprotocol ? { protocol: SUBPROTOCOL } : {});
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      const events = relay.hub.accept({
        socket: adapt(socket),
        address: info.remoteAddr.hostname,
        origin: relay.publicOrigin ?? url.origin,
        subprotocol,
        bearer: bearer(request.headers.get("authorization") ?? undefined),
      });
      socket.onmessage = ({ data }) => {
        if (typeof data === "string") events.text(data);
        else events.binary(new Uint8Array(data));
      };
      socket.onclose = () => events.closed();
      socket.onerror = () => events.closed();
    };
    return response;
  };
  const secure = tls === undefined ? {} : tls;
  return new Promise((resolve, reject) => {
    try {
      const server = Deno.serve(
        {
          hostname,
          port,
          ...secure,
          onListen: ({ hostname: host, port: bound }) => {
            const url = `${scheme}://${host.includes(":") ? `[${host}]` : host}:${bound}`;
            resolve({ url, close: () => Promise.race([server.shutdown(), pause(2_000)]) });
          },
        },
        handler,
      );
    } catch (error) {
      reject(error);
    }
  });
}

function adapt(socket: WebSocket): TunnelSocket {
  return {
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send: (message, sent) => {
      // Deno copies what it is given.
      if (socket.readyState === WebSocket.OPEN) socket.send(message as Uint8Array<ArrayBuffer>);
      sent?.();
    },
    sendText: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: (code, reason) => socket.close(code, reason),
  };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

try {
  await relayCommand()
    .action((given: Record<string, unknown>) => runRelay(given, serve))
    .parseAsync(Deno.args, { from: "user" });
  Deno.exit(0);
} catch (error) {
  const { text, exitCode } = explain(error);
  await Deno.stderr.write(new TextEncoder().encode(text));
  Deno.exit(exitCode);
}
