// A proxy in front of a relay, which forwards requests and removes parts of the WebSocket handshake.
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  request as send,
} from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { runChecks } from "../../../../desktop/agent/diagnostics/checks.ts";
import { relayChecks } from "../../../../desktop/agent/diagnostics/relay-checks.ts";
import { tokenCredentials } from "../../../../desktop/agent/identity/credentials.ts";
import { PLAIN } from "../../../../desktop/agent/reach/reach.ts";
import { TunnelConnection } from "../../../../desktop/agent/tunnel/tunnel-connection.ts";
import type { Step } from "../../../../desktop/rpc/shapes.ts";
import { RelayProcess } from "../../../support/relay/relay-process.ts";
import { NODE, sharedRelay } from "../../../support/relay/runtimes.ts";

/** What the proxy does to a handshake. */
interface Meddling {
  /** Headers that it removes from request and answer; in lower case. */
  readonly request?: readonly string[];
  readonly answer?: readonly string[];
  /** Answers the request for a tunnel itself. */
  readonly status?: number;
  /** Forwards it as an ordinary request, like an HTTP/1.0 proxy. */
  readonly ordinary?: boolean;
}

/** Returns the header lines of a handshake without these, otherwise unchanged. */
function without(lines: readonly string[], names: readonly string[] = []): string[] {
  return lines.filter((line) => !names.includes(line.split(":", 1)[0]?.toLowerCase() ?? ""));
}

class MeddlingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket) => this.#sockets.add(socket));
  }

  static async start(relay: URL, meddling: Meddling): Promise<MeddlingProxy> {
    const forward = (request: IncomingMessage, headers: IncomingHttpHeaders) =>
      send({ host: relay.hostname, port: relay.port, method: request.method, path: request.url, headers });
    const server = createServer((request, response) => {
      const upstream = forward(request, { ...request.headers });
      upstream.on("response", (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      request.pipe(upstream);
    });
    const proxy = new MeddlingProxy(server);
    server.on("upgrade", (request, socket: Socket) => {
      if (meddling.status !== undefined) {
        socket.end(`HTTP/1.1 ${meddling.status} No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      } else {
        proxy.#handshake(relay, meddling, request, socket);
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #handshake(relay: URL, meddling: Meddling, request: IncomingMessage, socket: Socket): void {
    const names = meddling.ordinary === true ? ["upgrade", "connection"] : (meddling.request ?? []);
    const headers: string[] = [];
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      headers.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
    }
    const upstream = connect(Number(relay.port), relay.hostname);
    this.#sockets.add(upstream);
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
    upstream.write([`GET ${request.url} HTTP/1.1`, ...without(headers, names), "", ""].join("\r\n"));
    let head = "";
    const gather = (chunk: Buffer) => {
      head += chunk.toString("latin1");
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      upstream.off("data", gather);
      const lines = without(head.slice(0, end).split("\r\n"), meddling.answer);
      socket.write(`${lines.join("\r\n")}\r\n\r\n${head.slice(end + 4)}`, "latin1");
      upstream.pipe(socket).pipe(upstream);
    };
    upstream.on("data", gather);
  }
}

describe("a request for a tunnel", () => {
  const relay = sharedRelay(NODE);
  let token: string;
  let proxy: MeddlingProxy | undefined;
  beforeAll(async () => {
    ({ token } = await relay().network());
  });
  afterEach(async () => {
    await proxy?.close();
    proxy = undefined;
  });

  async function open(url: URL): Promise<unknown> {
    const signal = AbortSignal.timeout(40_000);
    const options = {
      relay: url,
      credentials: tokenCredentials(token),
      offload: false,
      framing: "own",
    } as const;
    try {
      const connection = await TunnelConnection.open({ ...options, signal, control: () => {} });
      connection.close();
      return undefined;
    } catch (error) {
      return error;
    }
  }

  async function through(meddling: Meddling): Promise<URL> {
    proxy = await MeddlingProxy.start(new URL(relay().url), meddling);
    return proxy.url;
  }

  it("passes a proxy that removes nothing", async () => {
    expect(await open(await through({}))).toBeUndefined();
  });

  it.each<{ what: string; meddling: Meddling; says: RegExp }>([
    {
      what: "Sec-WebSocket-Protocol from the request",
      meddling: { request: ["sec-websocket-protocol"] },
      says: /removes the header Sec-WebSocket-Protocol$/,
    },
    {
      what: "Sec-WebSocket-Protocol from the answer",
      meddling: { answer: ["sec-websocket-protocol"] },
      says: /removes the header Sec-WebSocket-Protocol$/,
    },
    {
      what: "Upgrade and Connection",
      meddling: { ordinary: true },
      says: /removes the headers Upgrade and Connection$/,
    },
    {
      what: "Upgrade from the answer",
      meddling: { answer: ["upgrade"] },
      says: /removes the headers Upgrade and Connection$/,
    },
    {
      what: "Sec-WebSocket-Accept",
      meddling: { answer: ["sec-websocket-accept"] },
      says: /removes the header Sec-WebSocket-Key or Sec-WebSocket-Accept$/,
    },
    {
      what: "Sec-WebSocket-Key",
      meddling: { request: ["sec-websocket-key"] },
      says: /answered with HTTP 400$/,
    },
    { what: "all of it, and forbids it", meddling: { status: 403 }, says: /answered with HTTP 403$/ },
  ])("reports a proxy that removes $what", async ({ meddling, says }) => {
    const url = await through(meddling);
    const error = await open(url);
    expect(error).toMatchObject({ code: "relay.websocket-blocked", message: expect.stringMatching(says) });
    expect((error as Error).message).toContain(`${url.href} is a relay, but a proxy on the way `);
  });

  it("is reported the same by doctor", async () => {
    const steps: Step[] = [];
    const url = await through({ answer: ["sec-websocket-protocol"] });
    await runChecks(relayChecks(url, PLAIN), (step) => steps.push(step), AbortSignal.timeout(40_000));
    expect(steps.at(-1)).toMatchObject({
      id: "websocket",
      state: "fail",
      detail: expect.stringContaining("removes the header Sec-WebSocket-Protocol"),
      hint: expect.stringContaining("Sec-WebSocket-Protocol"),
    });
  });

  it.each([
    { what: "another web server", body: "hello" },
    { what: "a web server with a health of its own", body: '{"status":"green"}' },
    { what: "a web server that never ends", body: "x".repeat(100_000) },
  ])("is not taken for that of a relay by $what", async ({ body }) => {
    const server = createServer((_request, response) => response.end(body));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    expect(await open(new URL(`http://127.0.0.1:${port}`))).toMatchObject({ code: "relay.not-a-relay" });
    server.closeAllConnections();
    server.close();
  });

  it("keeps retrying an unreachable relay", async () => {
    await using gone = await RelayProcess.start(NODE);
    proxy = await MeddlingProxy.start(new URL(gone.url), { status: 502 });
    expect(await open(proxy.url)).toMatchObject({ message: expect.stringContaining("HTTP 502") });
  });
});
