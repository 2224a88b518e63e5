import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { REQUEST_WORK, type Turn } from "../hub/load/turns.ts";
import { TOKEN_HEADER } from "./kernel/access.ts";

/** Maximum number of requests that may wait on one connection: clients that pipeline send a few. */
const PIPELINED = 32;

/**
 * Maximum number of remembered credentials, whose requests need not wait among strangers': those of a few
 * administrators and programs.
 */
const TRUSTED = 1_024;

/** Requests that wait on a connection; `undefined` while a request is being answered and none waits. */
type Waiting = (() => void)[] | undefined;

/**
 * Schedules HTTP requests in turns. It answers the requests of one connection one after another, so a connection holds
 * the memory of one answer, however many requests it sent. Requests without known credentials share one turn, beside
 * the tenants': a thousand of them delay each other, and frames by a millisecond or two.
 */
export class RequestQueue {
  readonly #turn: Turn;
  readonly #connections = new WeakMap<Socket, { waiting: Waiting }>();
  /** SHA-256 of the headers that hold credentials, least recently seen first. */
  readonly #trusted = new Set<string>();

  /**
   * Creates a queue.
   *
   * @param turn for requests without known credentials
   */
  constructor(turn: Turn) {
    this.#turn = turn;
  }

  /** Calls `answer` when it is the request's turn; cuts the connection if it has too many. */
  take(incoming: IncomingMessage, outgoing: ServerResponse, answer: () => void): void {
    const { socket } = incoming;
    const begin = () => {
      outgoing.once("close", () => this.#next(socket));
      if (this.#isTrusted(incoming)) return answer();
      this.#turn.waitFor(REQUEST_WORK).then(
        () => {
          if (!socket.destroyed) answer();
        },
        () => socket.destroy(),
      );
    };
    const connection = this.#connections.get(socket);
    if (connection === undefined) {
      this.#connections.set(socket, { waiting: undefined });
      begin();
    } else if ((connection.waiting?.length ?? 0) >= PIPELINED) {
      socket.destroy();
    } else {
      connection.waiting ??= [];
      connection.waiting.push(begin);
    }
  }

  /** Remembers the valid credentials of a request, so that later requests with them need not wait among strangers'. */
  trust(incoming: Pick<IncomingMessage, "headers">): void {
    const digest = digestOf(incoming);
    if (digest === undefined) return;
    this.#trusted.delete(digest);
    this.#trusted.add(digest);
    if (this.#trusted.size <= TRUSTED) return;
    const [oldest] = this.#trusted;
    if (oldest !== undefined) this.#trusted.delete(oldest);
  }

  #next(socket: Socket): void {
    const next = this.#connections.get(socket)?.waiting?.shift();
    if (next === undefined || socket.destroyed) this.#connections.delete(socket);
    else next();
  }

  #isTrusted(incoming: IncomingMessage): boolean {
    const digest = this.#trusted.size === 0 ? undefined : digestOf(incoming);
    return digest !== undefined && this.#trusted.has(digest);
  }
}

function digestOf({ headers }: Pick<IncomingMessage, "headers">): string | undefined {
  const shown = [headers.authorization, headers[TOKEN_HEADER]];
  if (shown.every((header) => header === undefined)) return undefined;
  return createHash("sha256").update(JSON.stringify(shown)).digest("base64");
}
