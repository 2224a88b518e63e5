import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import type { Arena, Attack } from "../arena.ts";
import { BINARY, clientFrame, PING, TEXT, textFrame } from "../wire.ts";

const SILENT = 400;
/** 16 KiB of spaces: as much as Node accepts in headers, with some room for the others. */
const SPACES = 15_500;
const BODY_BYTES = 4 * 1024 * 1024;
const PIPELINED = 200;
/** Milliseconds that a slow client takes for each byte. */
const SLOW_MS = 100;

/**
 * Threat model: a stranger, without credentials.
 *
 * Connects and says nothing, or says it slowly; asks for the invite page with headers that are costly to read; guesses tokens,
 * invites and proofs; sends large bodies, pipelined requests, and WebSocket frames that break RFC 6455. Comes from many
 * addresses of 127.0.2.0/24, none of which is the bystanders'.
 */
export const strangers: Attack = { name: "strangers", run: (arena) => new Strangers(arena).run() };

class Strangers {
  readonly #arena: Arena;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  async run(): Promise<void> {
    const arena = this.#arena;
    const silence = () => {
      const silent = Array.from({ length: SILENT }, () => this.#dial());
      arena.did("silent connections", silent.length);
    };
    silence();
    await arena.play(
      [
        [4, "invite pages with costly headers", () => this.#costlyHeader()],
        [3, "wrong tokens", () => this.#wrongToken()],
        [3, "wrong enrolments", () => this.#wrongEnrolment()],
        [2, "sessions with wrong tokens", () => this.#wrongSession()],
        [1, "large bodies", () => this.#largeBody()],
        [2, "pipelined requests", () => this.#pipeline()],
        [2, "slow requests", () => this.#slowly(`GET /v1/tunnel HTTP/1.1\r\nHost: ${arena.url.host}\r\n`)],
        [
          1,
          "half handshakes of TLS",
          () => this.#slowly("\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003"),
        ],
        [4, "broken WebSocket frames", () => this.#brokenFrames()],
        [2, "records and messages before hello", () => this.#beforeHello()],
      ],
      4,
    );
  }

  #address(): string {
    return `127.0.2.${1 + this.#arena.random.below(50)}`;
  }

  #dial(): Socket {
    return this.#arena.dial(this.#address());
  }

  async #costlyHeader(): Promise<void> {
    const { random } = this.#arena;
    const language = random.of([
      `en${" ".repeat(SPACES)}x`,
      `${" ".repeat(SPACES)}x`,
      `a${"-a".repeat(SPACES / 2)}!`,
      `${"en,".repeat(SPACES / 3)}`,
      `en;q=${"1".repeat(SPACES)}`,
    ]);
    const headers = { "accept-language": language };
    await this.#arena.ask({ method: "GET", path: "/join", headers, from: this.#address() });
  }

  async #wrongToken(): Promise<void> {
    const { random } = this.#arena;
    const token = random.of([randomBytes(32).toString("base64url"), "x".repeat(8_000), "\u00ff"]);
    const path = random.of([
      "/v1/me",
      "/v1/tenants",
      "/v1/tenants/xenia/networks",
      "/v1/backup",
      "/v1/audit",
    ]);
    const { status, text } = await this.#arena.ask({ method: "GET", path, token, from: this.#address() });
    if (status < 400) this.#arena.did(`LET IN: ${path} ${text.slice(0, 40)}`);
  }

  async #wrongEnrolment(): Promise<void> {
    const { random } = this.#arena;
    const text = (bytes: number) => randomBytes(bytes).toString("base64url");
    const body = {
      tenant: random.of(["xenia", "attacker", "nobody", "x".repeat(63)]),
      invite: text(random.of([32, 31, 1, 3_000])),
      name: "attacker",
      public_key: text(32),
      proof: text(64),
    };
    await this.#arena.ask({ method: "POST", path: "/v1/enrol", body, from: this.#address() });
  }

  async #wrongSession(): Promise<void> {
    const wire = await this.#arena.wire({ from: this.#address() });
    const auth = { method: "token", token: randomBytes(32).toString("base64url") };
    wire.say({ type: "hello", version: 1, client: { name: "attacker" }, features: [], auth });
    setTimeout(() => wire.socket.destroy(), 500);
  }

  async #largeBody(): Promise<void> {
    const { random } = this.#arena;
    const body = random.of([
      "x".repeat(BODY_BYTES),
      `{"tenant":${"[".repeat(BODY_BYTES)}`,
      `"${"\\u0000".repeat(100_000)}"`,
    ]);
    await this.#arena.ask({ method: "POST", path: "/v1/enrol", body, from: this.#address() });
  }

  #pipeline(): void {
    const { random, url } = this.#arena;
    if (!this.#arena.hasRoom) return;
    const path = random.of(["/healthz", "/readyz", "/v1/openapi.json", "/", "/join", "/v1/me"]);
    const socket = this.#dial();
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`.repeat(PIPELINED));
    // Half of the clients read nothing.
    if (random.below(2) === 0) socket.pause();
    setTimeout(() => socket.destroy(), 1_000);
  }

  #slowly(text: string): void {
    if (!this.#arena.hasRoom) return;
    const socket = this.#dial();
    let at = 0;
    const timer = setInterval(() => socket.write(text[at++ % text.length] ?? "", "latin1"), SLOW_MS);
    socket.once("close", () => clearInterval(timer));
    setTimeout(() => socket.destroy(), 5_000);
  }

  async #brokenFrames(): Promise<void> {
    const { random } = this.#arena;
    if (!this.#arena.hasRoom) return;
    const path = random.of(["/v1/tunnel", `/v1/ethernet/${"x".repeat(40)}`]);
    const wire = await this.#arena.wire({ path, from: this.#address() });
    const payload = Buffer.alloc(random.of([0, 1, 125, 126, 60_000]));
    const good = clientFrame(random.of([TEXT, BINARY, PING]), payload);
    const flag = (bits: number, at = 0) => {
      const frame = Buffer.from(good);
      frame[at] = (frame[at] ?? 0) ^ bits;
      return frame;
    };
    const endless = Buffer.concat([
      flag(0x80),
      ...Array.from({ length: 200 }, () => clientFrame(0, payload).fill(0, 0, 1)),
    ]);
    const claims = Buffer.from("82ffffffffffffffffff00000000", "hex");
    wire.socket.write(
      random.of([
        flag(0x80, 1),
        flag(random.of([0x10, 0x20, 0x40])),
        flag(random.below(16)),
        endless,
        claims,
        Buffer.concat(Array.from({ length: 500 }, () => clientFrame(PING, Buffer.alloc(125)))),
        clientFrame(8, Buffer.from([0, 1])),
        Buffer.concat([clientFrame(TEXT, Buffer.from([0xff, 0xfe])), good]),
        randomBytes(1 + random.below(2_000)),
      ]),
    );
    setTimeout(() => wire.socket.destroy(), 1_000);
  }

  async #beforeHello(): Promise<void> {
    const { random } = this.#arena;
    if (!this.#arena.hasRoom) return;
    const wire = await this.#arena.wire({ from: this.#address() });
    const message = random.of([
      clientFrame(BINARY, Buffer.alloc(random.of([0, 30, 200_000]))),
      textFrame({ type: "join", vni: 1 }),
      textFrame(`{"type":"ping","id":"${"x".repeat(200_000)}"}`),
      textFrame({ type: "register", vni: 1, endpoints: [] }),
    ]);
    wire.socket.write(Buffer.concat([message, message]));
    setTimeout(() => wire.socket.destroy(), 500);
  }
}
