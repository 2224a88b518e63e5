// Connections through proxies that behave, and misbehave. (test/end-to-end/network/staying/ways-out.test.ts has real
// ones.)
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { afterEach, describe, expect, it } from "vitest";
import { dial, ProxyRefused, ProxyUnreachable } from "../../../../desktop/agent/reach/dial.ts";
import { request } from "../../../../desktop/agent/reach/request.ts";
import { Unreachable } from "../../../../desktop/agent/tunnel/tunnel-errors.ts";
import { parseRelayAddress } from "../../../../shared/api/relay-address.ts";

const RELAY = new URL("http://relay.example:8787/");
const servers: Server[] = [];
const sockets = new Set<Socket>();

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket.on("error", () => {}).on("close", () => sockets.delete(socket)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Starts a proxy that gives every CONNECT this answer. @returns its URL */
async function answering(answer: string | ((socket: Socket) => void), heard: string[] = []): Promise<string> {
  const port = await listening(
    createServer((socket) => {
      socket.once("data", (data) => {
        heard.push(data.toString());
        if (typeof answer === "string") socket.write(answer);
        else answer(socket);
      });
    }),
  );
  return `http://ann:se%40cret@127.0.0.1:${port}`;
}

async function failure(proxy: string, signal = new AbortController().signal): Promise<Error> {
  const error: unknown = await dial(RELAY, { proxy }, signal).then(
    () => expect.unreachable("it was connected"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw error;
  expect([error.message, String(error.cause), Unreachable.from(RELAY, error).message].join()).not.toContain(
    "se@cret",
  );
  return error;
}

/** A link-local address of this machine, with its interface. */
const linkLocal = Object.entries(networkInterfaces()).flatMap(([zone, all]) =>
  (all ?? []).filter(({ address }) => address.startsWith("fe80:")).map(({ address }) => ({ address, zone })),
)[0];

it.runIf(linkLocal !== undefined)("a link-local address is reached at its interface", async () => {
  const { address = "", zone = "" } = linkLocal ?? {};
  const server = createServer((socket) => socket.end("hello"));
  servers.push(server);
  server.listen(0, `${address}%${zone}`);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const relay = parseRelayAddress(`http://[${address}%25${zone}]:${port}`) ?? expect.unreachable();
  const socket = await dial(
    relay.url,
    { ...(relay.zone && { zone: relay.zone }) },
    new AbortController().signal,
  );
  expect(String((await once(socket, "data"))[0])).toBe("hello");
  socket.destroy();
});

describe("a connection through a proxy", () => {
  it("is requested with the relay's name and port, and Basic credentials", async () => {
    const heard: string[] = [];
    const proxy = await answering("HTTP/1.1 200 Connection established\r\n\r\nhello", heard);
    const socket = await dial(RELAY, { proxy }, new AbortController().signal);
    // Bytes behind the answer in the same packet are already the relay's.
    const [said] = (await once(socket, "data")) as [Buffer];
    expect(said.toString()).toBe("hello");
    expect(heard.join()).toMatch(/^CONNECT relay\.example:8787 HTTP\/1\.1\r\n/);
    expect(heard.join().toLowerCase()).toContain("\r\nhost: relay.example:8787\r\n");
    const credentials = Buffer.from("ann:se@cret").toString("base64");
    expect(heard.join()).toContain(`Basic ${credentials}\r\n`);
  });

  it.each([
    [407, "proxy.login", /does not take the password of 'ann'/],
    [403, "proxy.forbidden", /does not allow a connection to relay\.example:8787/],
    [502, "proxy.failed", /made no connection to relay\.example:8787/],
    [404, "proxy.failed", /HTTP 404/],
    [302, "proxy.failed", /HTTP 302/],
  ])("that answers %d is distinguished from others", async (status, code, message) => {
    const proxy = await answering(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
    const error = await failure(proxy);
    expect(error).toBeInstanceOf(ProxyRefused);
    const fault = Unreachable.from(RELAY, error);
    expect(fault).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(fault.hint).not.toBe("");
  });

  it("reports the proxy's schemes if Basic is not one of them", async () => {
    const asks = 'Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM realm="a, b"\r\n';
    const proxy = await answering(`HTTP/1.1 407 No\r\n${asks}content-length: 0\r\n\r\n`);
    expect(Unreachable.from(RELAY, await failure(proxy)).hint).toContain("It takes Negotiate, NTLM, and");
  });

  it.each([
    ["hangs up", (socket: Socket) => void socket.end()],
    ["speaks another protocol", (socket: Socket) => void socket.write("SSH-2.0-OpenSSH_10.0\r\n")],
    [
      "has headers without end",
      (socket: Socket) => {
        const more = () => {
          while (!socket.destroyed && socket.write(`x: ${"y".repeat(4_096)}\r\n`));
          if (!socket.destroyed) socket.once("drain", more);
        };
        socket.write("HTTP/1.1 200 OK\r\n");
        more();
      },
    ],
  ])("fails as unreachable if the proxy %s", async (_what, answer) => {
    const error = await failure(await answering(answer));
    expect(error).toBeInstanceOf(ProxyUnreachable);
    expect(Unreachable.from(RELAY, error)).toMatchObject({ code: "proxy.unreachable" });
  });

  it("is closed on abort, even if the proxy never answers", async () => {
    const asked = Promise.withResolvers<Socket>();
    const proxy = await answering((socket) => asked.resolve(socket));
    const patience = new AbortController();
    const failing = failure(proxy, patience.signal);
    const socket = await asked.promise;
    const hungUp = once(socket, "close");
    socket.resume();
    patience.abort(new Error("given up"));
    expect((await failing).message).toBe("given up");
    await hungUp;
  });

  it("carries requests as well, with a login for a proxy in front of the relay", async () => {
    const heard: (string | undefined)[] = [];
    const port = await listening(
      createHttpServer((asked, response) => {
        heard.push(asked.headers.authorization, asked.headers.host, asked.url);
        response.end("fine");
      }),
    );
    const proxy = await answering((socket) => {
      const relay = connect(port, "127.0.0.1").on("error", () => {});
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(relay).pipe(socket);
    });
    const { signal } = new AbortController();
    const asking = { method: "GET", headers: {}, signal };
    const response = await request(new URL("/v1/x?y", RELAY), { proxy, login: "bob:x" }, asking);
    expect(await response.text()).toBe("fine");
    expect(heard).toEqual([
      `Basic ${Buffer.from("bob:x").toString("base64")}`,
      "relay.example:8787",
      "/v1/x?y",
    ]);
  });
});
