// Administration with paged lists, and with a lost connection.
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text as readText } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { laneway, startRelay } from "../../support/network/lab.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Serves on a free port; resolves to the URL. */
async function serve(
  listener: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function token(url: string, ...args: string[]): ReturnType<typeof laneway> {
  return await laneway(["token", ...args, "--relay", url, "--json"], { env: { LANEWAY_ADMIN_TOKEN: "x" } });
}

describe("a list", () => {
  it("is read to its end, page by page, regardless of the host in its links", async () => {
    const asked: string[] = [];
    const url = await serve(({ url = "" }, response) => {
      asked.push(url);
      const page = Number(new URL(url, "http://x").searchParams.get("cursor") ?? "0");
      if (page < 3)
        response.setHeader("link", `<https://elsewhere.example/x?cursor=${page + 1}>; rel="next"`);
      response.end(JSON.stringify([{ id: `a${page}` }, { id: `b${page}` }]));
    });
    const { code, objects } = await token(url, "list");
    expect(code).toBe(0);
    expect(objects.map(({ id }) => id)).toEqual(["a0", "b0", "a1", "b1", "a2", "b2", "a3", "b3"]);
    expect(asked.map((one) => one.replace(/\?.*cursor=/, " "))).toEqual([
      "/v1/tenants/default/tokens",
      "/v1/tenants/default/tokens 1",
      "/v1/tenants/default/tokens 2",
      "/v1/tenants/default/tokens 3",
    ]);
  });

  it("without an end is rejected", async () => {
    const url = await serve((_request, response) => {
      response.setHeader("link", '<?cursor=same>; rel="next"').end("[]");
    });
    const { code, stderr } = await token(url, "list");
    expect(code).toBe(1);
    expect(stderr).toContain(url);
  });
});

describe("a connection that is lost while something is created", () => {
  it("is followed by the same request with the same key, until it is answered", async () => {
    const keys: unknown[] = [];
    const bodies: string[] = [];
    const url = await serve(async (request, response) => {
      keys.push(request.headers["idempotency-key"]);
      bodies.push(await readText(request));
      if (keys.length === 1) return void request.socket.destroy();
      if (keys.length > 2) return void response.writeHead(201).end('{"id":"made"}');
      const problem = { code: "idempotency.in-flight", detail: "it is under way", hint: "" };
      response.writeHead(409, { "content-type": "application/problem+json" }).end(JSON.stringify(problem));
    });
    const { code, stderr, objects } = await token(url, "create");
    expect({ code, stderr, objects }).toEqual({ code: 0, stderr: "", objects: [{ id: "made" }] });
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^"[\w-]{36}"$/);
    expect(new Set(bodies).size).toBe(1);
  });

  it("is reported if it is lost again", async () => {
    const asked: unknown[] = [];
    const url = await serve((request) => {
      asked.push(request.url);
      request.socket.destroy();
    });
    const { code, stderr } = await token(url, "create");
    expect(code).toBe(1);
    expect(stderr).toContain(url);
    expect(asked).toHaveLength(2);
  });

  it("leaves one resource at a real relay whose answer was lost", async () => {
    await using relay = await startRelay();
    const answers: string[] = [];
    const url = await serve(async (incoming, response) => {
      const { method, url = "", headers } = incoming;
      const forwarded = request(`${relay.url}${url}`, { method, headers }).end(await readText(incoming));
      const [answer] = (await once(forwarded, "response")) as [IncomingMessage];
      const text = await readText(answer);
      if (method === "POST") answers.push(text);
      if (answers.length === 1) return void incoming.socket.destroy();
      response.writeHead(answer.statusCode ?? 500, answer.headers).end(text);
    });
    const made = await laneway([
      ...["invite", "create", "--json", "--relay", url, "--admin-token-file", relay.adminTokenFile],
    ]);
    expect(made).toMatchObject({ code: 0, stderr: "" });
    expect(made.objects).toEqual([JSON.parse(answers[0] ?? "")]);
    expect(answers).toHaveLength(2);
    const { objects } = await relay.admin("invite", "list");
    // Beside the one of the relay's first start.
    expect(objects).toHaveLength(2);
    expect(objects.map(({ id }) => id)).toContain(made.objects[0]?.["id"]);
  });
});
