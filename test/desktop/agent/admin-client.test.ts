// Administration against misbehaving servers. (test/end-to-end/command/admin.test.ts has a real relay.)
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { AdminClient } from "../../../desktop/agent/admin-client.ts";

let servers: Server[] = [];
afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  servers = [];
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<URL> {
  const server = createServer(answer);
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

describe("a relay that is administered", () => {
  it.each([301, 302, 307, 308])("does not redirect the client with the token: %i", async (status) => {
    let asked = 0;
    const elsewhere = await serve((_request, response) => {
      asked++;
      response.end('{"id":"x"}');
    });
    const relay = await serve((_request, response) =>
      response.writeHead(status, { location: elsewhere.href }).end(),
    );
    const client = new AdminClient(relay, "secret");
    await expect(client.create("/v1/tenants", {}, { name: "x" })).rejects.toMatchObject({
      code: "relay.not-a-relay",
    });
    await expect(client.list("/v1/tenants", {})).rejects.toMatchObject({ code: "relay.not-a-relay" });
    expect(asked).toBe(0);
  });

  it("can't send an endless answer", async () => {
    const relay = await serve((_request, response) => {
      response.on("error", () => {});
      const more = () => {
        while (!response.destroyed && response.write(" ".repeat(65_536)));
      };
      response.on("drain", more);
      more();
    });
    await expect(new AdminClient(relay, "t").show("/v1/me", {})).rejects.toMatchObject({
      code: "relay.not-a-relay",
    });
  });

  it("can't send an endless list", async () => {
    let pages = 0;
    const relay = await serve((_request, response) => {
      pages++;
      const row = { id: "x".repeat(4_000_000) };
      response.setHeader("link", `</v1/tenants?cursor=${pages}>; rel="next"`).end(JSON.stringify([row]));
    });
    await expect(new AdminClient(relay, "t").list("/v1/tenants", {})).rejects.toMatchObject({
      message: expect.stringContaining("its list has no end"),
    });
    expect(pages).toBeLessThan(40);
  });

  it("can't list rows that are not objects", async () => {
    const relay = await serve((_request, response) => response.end("[null]"));
    await expect(new AdminClient(relay, "t").list("/v1/tenants", {})).rejects.toMatchObject({
      code: "relay.not-a-relay",
    });
  });

  it("can't put control characters into error messages", async () => {
    const relay = await serve((_request, response) => {
      const problem = {
        code: "limit.devices",
        detail: `full\x1b[2J\u202e\n${"x".repeat(9_999)}`,
        hint: "a\x9bb",
      };
      response.writeHead(409).end(JSON.stringify(problem));
    });
    const error = await new AdminClient(relay, "t").show("/v1/me", {}).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "limit.devices", hint: "a b" });
    expect((error as Error).message).toMatch(/^full \[2J x{1000,1024}$/);
  });
});
