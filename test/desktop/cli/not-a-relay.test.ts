// Whatever else answers at a relay's URL is told to be no relay.
import { once } from "node:events";
import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, it } from "vitest";
import { WebSocketServer } from "ws";
import { expectError, Given } from "./mistake.ts";

let given: Given;

beforeAll(async () => {
  given = await Given.start();
});
afterAll(() => given[Symbol.asyncDispose]());

describe("something else where a relay should be", () => {
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

  it.concurrent.each(others)("is told by up: %s", async (_what, start) => {
    const server = await start();
    try {
      const url = urlOf(server);
      await expectError(given, {
        args: ["up", "lan", "--relay", url, "--token", "x"],
        says: url,
        code: 1,
      });
    } finally {
      server.close();
    }
  });

  it.concurrent.each(others)("is told by administration: %s", async (_what, start) => {
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
