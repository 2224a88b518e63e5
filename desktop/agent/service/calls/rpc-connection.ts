import type { Socket } from "node:net";
import { firstProblem } from "../../../../shared/protocol/control.ts";
import { Fault } from "../../../../shared/values/fault.ts";
import { LineReader } from "../../../rpc/line-reader.ts";
import {
  envelope,
  REQUEST_BYTES,
  type Request,
  RpcCode,
  type RpcError,
  request,
  toRpcError,
} from "../../../rpc/message.ts";
import {
  type EventData,
  type EventName,
  type GivenParams,
  type Method,
  methods,
  type Result,
  RPC_VERSION,
  type Topic,
} from "../../../rpc/schema.ts";
import { Jobs } from "../jobs.ts";
import { forbidden, type Methods } from "./methods.ts";

/**
 * Bytes that may wait for a slow caller: above the first, messages that may be lost are not sent; above the last, the
 * caller is disconnected.
 */
const LOSSY_BYTES = 256 * 1024;
const MOST_BYTES = 4 * 1024 * 1024;
/** Maximum requests of one caller in progress. */
const MOST_REQUESTS = 16;
/** Maximum time for a caller's `hello`, in milliseconds. */
const HELLO_MS = 10_000;

export interface RpcConnectionOptions {
  readonly socket: Socket;
  readonly mayChange: boolean;
  readonly methods: Methods;
  /** Returns the answer to `hello`, except for parts that depend on the caller. */
  hello(mayChange: boolean): Result<"hello">;
  /** Reports a bug in a method. */
  mistake(method: string, error: unknown): void;
}

/** A connection of one caller. */
export class RpcConnection {
  readonly topics = new Set<Topic>();
  readonly #options: RpcConnectionOptions;
  readonly #jobs: Jobs;
  readonly #gone = new AbortController();
  readonly #late: ReturnType<typeof setTimeout>;
  #greeted = false;
  #working = 0;

  constructor(options: RpcConnectionOptions) {
    this.#options = options;
    const { socket } = options;
    this.#jobs = new Jobs((event, data, mayBeLost) => this.tell(event, data, mayBeLost));
    this.#late = setTimeout(() => socket.destroy(), HELLO_MS);
    const reader = new LineReader(
      REQUEST_BYTES,
      (line) => this.#line(line),
      () => this.#refuse(null, RpcCode.notARequest, tooBig()),
    );
    socket.on("data", (chunk: Uint8Array) => reader.push(chunk));
    socket.on("drain", () => socket.resume());
    socket.on("error", () => {});
    socket.once("close", () => {
      clearTimeout(this.#late);
      this.#gone.abort();
      this.#jobs.close();
    });
  }

  /**
   * Sends an event.
   *
   * @returns false if the caller is too slow, and it was not sent
   */
  tell<E extends EventName>(event: E, data: EventData<E>, mayBeLost = false): boolean {
    if (mayBeLost && this.#options.socket.writableLength > LOSSY_BYTES) return false;
    this.#send({ jsonrpc: "2.0", method: event, params: data });
    return true;
  }

  #line(line: string): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      return this.#refuse(null, RpcCode.notJson, malformed("it is not JSON"));
    }
    const parsed = request.safeParse(message);
    if (!parsed.success) {
      const id = envelope.safeParse(message).data?.id ?? null;
      return this.#refuse(id, RpcCode.notARequest, malformed(firstProblem(parsed.error)));
    }
    this.#request(parsed.data);
  }

  #request({ id, method, params = {} }: Request): void {
    if (!Object.hasOwn(methods, method))
      return this.#refuse(id, RpcCode.unknownMethod, unknownMethod(method));
    const known = method as Method;
    const { params: schema, right } = methods[known];
    const given = schema.safeParse(params);
    if (!given.success) {
      return this.#refuse(id, RpcCode.invalidParams, invalidParams(known, firstProblem(given.error)));
    }
    if (known === "hello") return this.#hello(id, given.data as GivenParams<"hello">);
    if (!this.#greeted) return this.#refuse(id, RpcCode.fault, notGreeted());
    if (right === "change" && !this.#options.mayChange)
      return this.#refuse(id, RpcCode.fault, forbidden(known));
    if (this.#working >= MOST_REQUESTS) return this.#refuse(id, RpcCode.fault, busy());
    void this.#work(id, known, () => this.#call(known, given.data));
  }

  #hello(id: number, { version }: GivenParams<"hello">): void {
    if (version !== RPC_VERSION) return this.#refuse(id, RpcCode.fault, otherVersion(version));
    this.#greeted = true;
    clearTimeout(this.#late);
    this.#send({ jsonrpc: "2.0", id, result: this.#options.hello(this.#options.mayChange) });
  }

  /** The method's own schema has validated the parameters. */
  #call(method: Exclude<Method, "hello">, given: unknown): unknown {
    const work = this.#options.methods[method] as (given: unknown, caller: object) => unknown;
    return work(given, {
      jobs: this.#jobs,
      signal: this.#gone.signal,
      mayChange: this.#options.mayChange,
      follow: (topics: readonly Topic[]) => {
        for (const topic of topics) this.topics.add(topic);
      },
    });
  }

  async #work(id: number, method: Method, work: () => unknown): Promise<void> {
    this.#working++;
    try {
      const result = await work();
      this.#send({ jsonrpc: "2.0", id, result });
    } catch (error) {
      if (!(error instanceof Fault) && !this.#gone.signal.aborted) this.#options.mistake(method, error);
      this.#answer(id, toRpcError(error));
    } finally {
      this.#working--;
    }
  }

  #refuse(id: number | null, code: number, fault: Fault): void {
    this.#answer(id, toRpcError(fault, code));
  }

  #answer(id: number | null, error: RpcError): void {
    this.#send({ jsonrpc: "2.0", id, error });
  }

  #send(message: object): void {
    const { socket } = this.#options;
    if (socket.destroyed) return;
    // Stops reading from a caller that does not read its answers.
    if (!socket.write(`${JSON.stringify(message)}\n`)) socket.pause();
    if (socket.writableLength > MOST_BYTES) socket.destroy();
  }
}

function tooBig(): Fault {
  return new Fault({
    code: "agent.too-big",
    message: `a request is longer than ${REQUEST_BYTES} bytes`,
    hint: "Send shorter requests; the rest of that line is skipped.",
  });
}

function malformed(problem: string): Fault {
  return new Fault({
    code: "agent.malformed",
    message: `not a JSON-RPC 2.0 request: ${problem}`,
    hint: 'Send one object per line, like {"jsonrpc":"2.0","id":1,"method":"hello","params":{…}}.',
  });
}

function unknownMethod(method: string): Fault {
  return new Fault({
    code: "agent.unknown-method",
    message: `there is no method '${method}'`,
    hint: "The agent may be older than the caller: update it, and restart it.",
  });
}

function invalidParams(method: Method, problem: string): Fault {
  return new Fault({
    code: "agent.invalid-params",
    message: `invalid parameters of '${method}': ${problem}`,
    hint: "Agent and caller may be of different versions: update the older of the two.",
    exitCode: 2,
  });
}

function notGreeted(): Fault {
  return new Fault({
    code: "agent.version",
    message: "the first call must be 'hello'",
    hint: `Say which version you speak: {"version":${RPC_VERSION},"client":"NAME"}.`,
  });
}

function otherVersion(version: number): Fault {
  return new Fault({
    code: "agent.version",
    message: `the agent speaks version ${RPC_VERSION}, and the caller ${version}`,
    hint: "Update the older of the two, and restart the agent.",
  });
}

function busy(): Fault {
  return new Fault({
    code: "agent.busy",
    message: `${MOST_REQUESTS} requests of this caller are in progress`,
    hint: "Wait for an answer first.",
  });
}
