import { Buffer } from "node:buffer";
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import type { Socket } from "node:net";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { Random } from "../fuzz/random.ts";
import { MarkFinder } from "./payload.ts";
import type { AttackPlan } from "./plan.ts";
import { dial, type MemberOptions, Wire, type WireOptions } from "./wire.ts";

/** One kind of attack. */
export interface Attack {
  readonly name: string;
  /** Attacks until the arena is over. The arena closes what it opened. */
  run(arena: Arena): Promise<void>;
}

/** One step of an attack, with its weight in the random choice. */
export type Step = readonly [weight: number, what: string, act: () => void | Promise<void>];

/** Greatest number of sockets of one attacker, within the usual limit of descriptors. */
const MOST_SOCKETS = 700;
/** Greatest number of unsent bytes that an attacker keeps before it goes on with another step. */
export const MOST_WAITING = 2 * 1024 * 1024;
/** Greatest number of bytes read of a request's answer. */
const MOST_ANSWER = 64 * 1024;
const REQUEST_MS = 15_000;
const EXAMPLES = 5;

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The loopback address of the sender. */
  readonly from?: string;
  /** Set for a connection of its own, so that no other request waits for it. */
  readonly alone?: boolean;
}

/** The tools of an attack. Counts the attack's steps, and looks for bystanders' bytes in everything it reads. */
export class Arena {
  readonly plan: AttackPlan;
  readonly url: URL;
  readonly random: Random;
  readonly counts = new Map<string, number>();
  /** Number of reads with bystanders' bytes. */
  leaks = 0;
  /** The bytes around the first match, in hex. */
  readonly leaked: string[] = [];
  readonly #marks: readonly Buffer[];
  /** Set once the attack begins, so that its preparations take none of its time. */
  #until = Number.POSITIVE_INFINITY;
  readonly #sockets = new Set<Socket>();
  readonly #agent: HttpAgent;

  constructor(plan: AttackPlan) {
    this.plan = plan;
    this.url = new URL(plan.url);
    this.random = new Random(plan.seed);
    this.#marks = plan.marks.map((mark) => Buffer.from(mark, "hex"));
    const pool = { keepAlive: true, maxSockets: 32 };
    this.#agent = plan.url.startsWith("https:")
      ? new HttpsAgent({ ...pool, rejectUnauthorized: false })
      : new HttpAgent(pool);
  }

  get isOver(): boolean {
    return performance.now() >= this.#until;
  }

  /** Returns whether it may open one more connection. */
  get hasRoom(): boolean {
    return this.#sockets.size < MOST_SOCKETS && !this.isOver;
  }

  did(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times);
  }

  /** Runs random steps, in this many parallel lanes, until the time is over. */
  async play(steps: readonly Step[], lanes = 1): Promise<void> {
    this.#until = performance.now() + this.plan.seconds * 1_000;
    const total = steps.reduce((sum, [weight]) => sum + weight, 0);
    const lane = async () => {
      while (!this.isOver) {
        const [, what, act] = this.#choose(steps, total);
        try {
          await act();
          this.did(what);
        } catch (error) {
          this.did(`failed: ${what}, ${describe(error)}`);
          await delay(20);
        }
        await nextTurn();
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  }

  /** Opens this many at once, a few at a time, and counts those that the relay refuses. */
  async crowd<Item>(count: number, open: (index: number) => Promise<Item>): Promise<Item[]> {
    const items: Item[] = [];
    let next = 0;
    const lane = async () => {
      while (next < count && this.hasRoom) {
        try {
          items.push(await open(next++));
        } catch (error) {
          this.did(`failed: to open, ${describe(error)}`);
        }
      }
    };
    await Promise.all(Array.from({ length: 8 }, lane));
    return items;
  }

  /** Connects and sends nothing. */
  dial(from: string): Socket {
    const socket = this.#track(dial(this.url, from));
    this.#look(socket);
    return socket;
  }

  /** Opens a WebSocket and searches all that it receives. */
  async wire(options: Omit<WireOptions, "url">): Promise<Wire> {
    const wire = await Wire.open({ url: this.url, ...options }, (socket) => this.#track(socket));
    wire.received = this.finder();
    return wire;
  }

  /** Opens a session and joins. */
  async member(options: Omit<MemberOptions, "url" | "name"> & { name?: string }): Promise<Wire> {
    const name = `attacker-${this.random.below(1_000)}`;
    const wire = await Wire.member({ url: this.url, name, ...options }, undefined, (socket) =>
      this.#track(socket),
    );
    wire.received = this.finder();
    return wire;
  }

  /** Returns a function that searches the bytes of one stream. */
  finder(): (bytes: Uint8Array) => void {
    const finder = new MarkFinder(this.#marks);
    return (bytes) => {
      const found = finder.find(bytes);
      if (found === undefined) return;
      this.leaks++;
      if (this.leaked.length < EXAMPLES) this.leaked.push(found.toString("hex"));
    };
  }

  /** Sends an HTTP request. @throws Error if there is no answer in time */
  async ask(asked: Asked): Promise<Answer> {
    const incoming = await this.#answerOf(asked);
    const look = this.finder();
    const parts: Buffer[] = [];
    let size = 0;
    for await (const part of incoming as AsyncIterable<Buffer>) {
      look(part);
      size += part.length;
      if (size <= MOST_ANSWER) parts.push(part);
    }
    const { statusCode = 0 } = incoming;
    this.did(`answered ${statusCode}`);
    return { status: statusCode, text: Buffer.concat(parts).toString() };
  }

  /** Sends an HTTP request, and reads only the head of the answer. */
  async askDeaf(asked: Asked): Promise<void> {
    const incoming = await this.#answerOf({ ...asked, alone: true });
    incoming.pause();
    this.did(`answered ${incoming.statusCode}, and not read`);
  }

  close(): void {
    this.#agent.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  #choose(steps: readonly Step[], total: number): Step {
    let at = this.random.below(total);
    for (const step of steps) {
      at -= step[0];
      if (at < 0) return step;
    }
    throw new Error("an attack has no steps");
  }

  #answerOf({ method, path, body, token, headers = {}, from, alone }: Asked): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
    const send = this.url.protocol === "https:" ? requestHttps : requestHttp;
    return new Promise((resolve, reject) => {
      const request = send(new URL(path, this.url), {
        method,
        agent: alone === true ? false : this.#agent,
        rejectUnauthorized: false,
        localAddress: from,
        headers: {
          ...(text === undefined ? {} : { "content-type": "application/json" }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
      });
      const timer = setTimeout(() => request.destroy(new Error("no answer in time")), REQUEST_MS);
      request.once("response", (incoming) => {
        clearTimeout(timer);
        resolve(incoming);
      });
      request.once("socket", (socket) => this.#track(socket));
      request.on("error", (error) => {
        clearTimeout(timer);
        reject(error);
      });
      request.end(text);
    });
  }

  #look(socket: Socket): void {
    socket.on("data", this.finder());
  }

  #track<Kind extends Socket>(socket: Kind): Kind {
    if (this.#sockets.has(socket)) return socket;
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    return socket;
  }
}

/** Returns an error's code, or its message without numbers, so that equal errors count together. */
function describe(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message.replaceAll(/\d{4,}/g, "…").slice(0, 60);
}
