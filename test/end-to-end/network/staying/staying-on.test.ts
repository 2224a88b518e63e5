// A tunnel's troubles on real networks, at its opening and later: cuts, stalls, a wrong clock, portals. With the real
// client and a real relay, and a middlebox between them.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { laneway, startRelay } from "../../../support/network/lab.ts";
import { type MemoryHost, MemoryNetwork } from "../../../support/network/memory.ts";
import { repeats } from "../../../support/repeats.ts";
import { requires } from "../../../support/requirements.ts";

/** Number of times that a balancer cuts the tunnel. */
const CUTS = repeats(8, 20);

/** Forwards connections to a relay, unless a test treats them otherwise. */
class Between implements AsyncDisposable {
  readonly #server;
  readonly #sockets = new Set<Socket>();
  /** Number of connections. */
  count = 0;

  /** @param treat called with each connection, and the one to the relay, before any data passes */
  constructor(relay: string, treat: (socket: Socket, onward: () => Socket, number: number) => void) {
    const { hostname, port } = new URL(relay);
    this.#server = createServer((socket) => {
      this.#take(socket);
      this.count++;
      treat(socket, () => this.#take(connect(Number(port), hostname)), this.count);
    });
  }

  async url(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(socket: Socket): Socket {
    this.#sockets.add(socket);
    return socket.on("error", () => {}).on("close", () => this.#sockets.delete(socket));
  }
}

const ups = ({ events }: MemoryHost) => events.filter((event) => event === "up").length;

describe("a tunnel", () => {
  it("reconnects at once each time a balancer cuts it", { timeout: 120_000 }, async () => {
    await using relay = await startRelay();
    const lines: Socket[] = [];
    await using balancer = new Between(relay.url, (socket, onward) => {
      const up = onward();
      socket.pipe(up).pipe(socket);
      socket.on("close", () => up.destroy());
      up.on("close", () => socket.destroy());
      lines.push(socket);
    });
    await using network = new MemoryNetwork();
    const host = network.host("a", await balancer.url(), await relay.token());
    for (let cut = 1; cut <= CUTS; cut++) {
      await host.until(() => ups(host) === cut);
      await delay(1_100);
      lines.at(-1)?.destroy();
    }
    await host.until(() => ups(host) === CUTS + 1);
    expect(host.delays).toEqual(new Array(CUTS).fill(0));
    expect(balancer.count).toBe(CUTS + 1);
    expect(host.events).not.toContain("down");
  });

  it("is opened by a second attempt if the line stalled during the first", {
    timeout: 60_000,
  }, async () => {
    await using relay = await startRelay();
    const hosts: MemoryHost[] = [];
    await using line = new Between(relay.url, (socket, onward) => {
      const up = onward();
      up.pipe(socket);
      let messages = 0;
      // Holds back everything after the request for longer than the relay waits for a hello. At every attempt until one
      // failed by that, because other tests' network changes may abort an attempt.
      const hasFailed = hosts.some(({ events }) => events.length > 0);
      socket.on("data", (data) => {
        if (hasFailed || ++messages === 1) up.write(data);
      });
      socket.on("close", () => up.destroy());
    });
    await using network = new MemoryNetwork();
    const host = network.host("a", await line.url(), await relay.token());
    hosts.push(host);
    await host.until(({ events }) => events.includes("up"));
    expect(host.events).toEqual(["reconnecting: no hello within 5 seconds", "up"]);
  });

  it.each([
    [
      "a portal that sends elsewhere",
      "HTTP/1.1 302 Found\r\nlocation: http://portal.example/\r\n\r\n",
      /not a Laneway relay/,
    ],
    [
      "a portal with a page of its own",
      "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi",
      /not a Laneway relay/,
    ],
    ["a proxy that knows no such place", "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", /HTTP 404/],
    [
      "a proxy that is not through to the relay",
      "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n",
      /HTTP 502/,
    ],
    [
      "a proxy that asks for a login",
      'HTTP/1.1 401 No\r\nwww-authenticate: Basic realm="x"\r\n\r\n',
      /\(401\)/,
    ],
    ["something else altogether", "SSH-2.0-OpenSSH_10.0\r\n", /not a Laneway relay/],
    ["nothing but an end", "", /can't reach/],
  ])("keeps trying, also at its first attempt, behind: %s", async (_what, answer, reason) => {
    await using relay = await startRelay();
    let attempts = 0;
    await using place = new Between(relay.url, (socket, onward) => {
      socket.once("data", (request) => {
        if (request.toString().startsWith("GET /v1/tunnel ")) attempts++;
        // Other requests meanwhile get the same answer.
        if (attempts <= 2) return void socket.end(answer);
        const up = onward();
        up.write(request);
        socket.pipe(up).pipe(socket);
        socket.on("close", () => up.destroy());
      });
    });
    await using network = new MemoryNetwork();
    const host = network.host("a", await place.url(), await relay.token());
    await host.until(({ events }) => events.includes("up"));
    const matching = expect.stringMatching(reason);
    expect(host.events).toEqual([matching, matching, "up"]);
  });

  it.runIf(requires("openssl"))(
    "waits for the clock, whose time the relay's certificate is not yet valid at",
    { timeout: 60_000 },
    async () => {
      const directory = mkdtempSync(join(tmpdir(), "laneway-clock-"));
      try {
        const { cert, key } = makeFutureCertificate(directory, new Date(Date.now() + 5_000));
        await using relay = await startRelay(undefined, ["--tls-cert", cert, "--tls-key", key]);
        // Administration commands do not retry.
        const unchecked = { NODE_TLS_REJECT_UNAUTHORIZED: "0" };
        const { objects } = await laneway(
          [
            "token",
            "create",
            "--network",
            "lan",
            "--json",
            "--relay",
            relay.url,
            "--admin-token-file",
            relay.adminTokenFile,
          ],
          { env: unchecked },
        );
        await using network = new MemoryNetwork();
        const ca = readFileSync(cert, "utf8");
        const host = network.host("a", relay.url, String(objects[0]?.["token"]), [], { ca });
        await host.until(({ events }) => events.includes("up"));
        expect(host.events[0]).toMatch(
          /^reconnecting: the certificate of .* is not trusted: certificate is not yet valid/,
        );
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
  );
});

/** Makes a certificate for 127.0.0.1 that becomes valid at a given time. */
function makeFutureCertificate(
  directory: string,
  from: Date,
): { readonly cert: string; readonly key: string } {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: directory, stdio: "ignore" });
  const [cert, key] = [join(directory, "cert.pem"), join(directory, "key.pem")];
  mkdirSync(join(directory, "new"));
  writeFileSync(join(directory, "index"), "");
  writeFileSync(join(directory, "serial"), "01\n");
  // In OpenSSL 3.0 only `ca` accepts a start time.
  const settings = {
    database: "index",
    serial: "serial",
    new_certs_dir: "new",
    default_md: "sha256",
    policy: "policy",
    x509_extensions: "extensions",
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const sections = ["[policy]", "commonName=supplied", "[extensions]", "subjectAltName=IP:127.0.0.1"];
  writeFileSync(
    join(directory, "ca.cnf"),
    ["[ca]", "default_ca=own", "[own]", ...lines, ...sections, ""].join("\n"),
  );
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", ...curve, "-subj", "/CN=relay", "-keyout", key, "-out", "request.pem");
  const time = (date: Date) => `${date.toISOString().replaceAll(/[-:T]|\..*/g, "")}Z`;
  const until = new Date(from.getTime() + 86_400_000);
  const times = ["-startdate", time(from), "-enddate", time(until)];
  openssl(
    "ca",
    "-batch",
    "-selfsign",
    "-notext",
    "-config",
    "ca.cnf",
    "-keyfile",
    key,
    "-in",
    "request.pem",
    ...times,
    "-out",
    cert,
  );
  return { cert, key };
}
