// Any other server at a relay's URL is reported as no relay.
import { once } from "node:events";
import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocketServer } from "ws";
import { startLaneway } from "../../support/network/lab.ts";
import { expectError, Given } from "./mistake.ts";

let given: Given;

beforeAll(async () => {
  given = await Given.start();
});
afterAll(() => given[Symbol.asyncDispose]());

describe("another server at a relay's URL", () => {
  const others: [what: string, start: () => Promise<Server | HttpServer>][] = [
    [
      "a web server without such a page",
      () => web((_request, response) => response.writeHead(404).end("Not found\n")),
    ],
    [
      "a web server with a page for everything",
      () =>
        web((_request, response) =>
          response.setHeader("content-type", "text/html").end("<h1>It works!</h1>\n"),
        ),
    ],
    [
      "an API that answers everything in JSON",
      () =>
        web((_request, response) =>
          response.setHeader("content-type", "application/json").end('{"ok":true}\n'),
        ),
    ],
    ["another WebSocket server", otherWebSocketServer],
    ["a server of another protocol", otherServer],
  ];

  it.concurrent.each(others)("is reported by up, which keeps trying: %s", async (_what, start) => {
    const server = await start();
    try {
      const url = urlOf(server);
      const args = ["up", "lan", "--foreground", "--relay", url, "--token", "x", "--address", "none"];
      await using client = startLaneway(args, { env: { LANEWAY_STATE: join(given.directory, "state") } });
      // A portal may have answered in the relay's place, so the client retries, and reports the reason each time.
      const told = `is not a Laneway relay \\([^\\n]*; trying again in [\\d.]+ s\\n`;
      await vi.waitUntil(() => client.stderr.split("trying again").length > 2, { timeout: 30_000 });
      expect(client.stderr).toMatch(
        new RegExp(`^laneway: ${url}/ ${told} {2}Check the URL[^\\n]*\\nlaneway: ${url}/ ${told}`),
      );
      expect(client.lines).toEqual([]);
      expect(await client.stop()).toBe(0);
    } finally {
      server.close();
    }
  });

  it.concurrent.each(others)("is reported by administration: %s", async (_what, start) => {
    const server = await start();
    try {
      const url = urlOf(server);
      const env = { LANEWAY_ADMIN_TOKEN: "x" };
      await expectError(given, { args: ["token", "list", "--relay", url], says: url, code: 1, env });
      await expectError(given, { args: ["token", "create", "--relay", url], says: url, code: 1, env });
    } finally {
      server.close();
    }
  });

  async function web(listener: RequestListener): Promise<HttpServer> {
    return await listening(createHttpServer(listener));
  }

  async function otherWebSocketServer(): Promise<HttpServer> {
    const server = createHttpServer((_request, response) => response.writeHead(426).end());
    new WebSocketServer({ server }).on("connection", (socket) => socket.send("welcome to the chat"));
    return await listening(server);
  }

  async function otherServer(): Promise<Server> {
    return await listening(
      createServer((socket) => socket.on("error", () => {}).end("SSH-2.0-OpenSSH_10.0\r\n")),
    );
  }

  async function listening<S extends Server>(server: S): Promise<S> {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return server;
  }

  function urlOf(server: Server): string {
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
});
