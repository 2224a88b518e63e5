import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { REQUEST_WORK, type Turn } from "../hub/load/turns.ts";
import { TOKEN_HEADER } from "./kernel/access.ts";

/** Requests that may wait on one connection for the answer before: clients that pipeline send a few. */
const PIPELINED = 32;

/** Credentials that are known by sight, so that their requests need not wait among strangers': a few administrators' and programs'. */
const TRUSTED = 1_024;

/** What waits on a connection; `undefined` where a request is under way and nothing waits. */
type Waiting = (() => void)[] | undefined;

/**
 * Has HTTP requests answered in turn. Those of one connection are answered one after another, so that a connection holds the
 * memory of one answer, however many requests were written into it. Requests that show no credentials known by sight have one
 * turn together, beside the tenants': a thousand of them delay each other, and frames by a millisecond or two.
 */
export class RequestQueue {
  readonly #turn: Turn;
  readonly #connections = new WeakMap<Socket, { waiting: Waiting }>();
  /** SHA-256 of the headers that credentials are in, the longest unseen first. */
  readonly #trusted = new Set<string>();

  /** @param turn of requests without credentials that are known */
  constructor(turn: Turn) {
    this.#turn = turn;
  }

  /** Has `answer` called once it is the request's turn; too many on one connection cut it. */
  take(incoming: IncomingMessage, outgoing: ServerResponse, answer: () => void): void {
    const { socket } = incoming;
    const begin = () => {
      outgoing.once("close", () => this.#next(socket));
      if (this.#isTrusted(incoming)) return answer();
      this.#turn.admit(REQUEST_WORK).then(
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

  /** The request has shown valid credentials: those that come with them later need not wait among strangers'. */
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
