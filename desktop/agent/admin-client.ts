import {
  type ApiAnswer,
  ApiClient,
  type ApiRequest,
  type Transport,
  targetOf,
} from "../../shared/api/client.ts";
import type { PathParameters } from "../../shared/api/path.ts";
import { Fault } from "../../shared/values/fault.ts";
import { PLAIN, type Reach } from "./reach/reach.ts";
import { request } from "./reach/request.ts";
import { problemDetails, readJson } from "./tunnel/http-answer.ts";
import { isForLogin, notARelay, Unreachable, wantsLogin } from "./tunnel/tunnel-errors.ts";

/** How long a relay may take to answer, in milliseconds. */
const ANSWER_MS = 15_000;

/** What a connection that was lost is called. */
const LOST: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);

/** Asks a relay's administration API from this machine. */
export class AdminClient extends ApiClient {
  readonly #transport: AdminTransport;

  /** @param reach how to get there; straight or by the environment's proxy unless given */
  constructor(relay: URL, token: string, reach: Reach = PLAIN) {
    const transport = new AdminTransport(relay, token, reach);
    super(transport);
    this.#transport = transport;
  }

  /**
   * Fetches what is no JSON, and may have no end.
   *
   * @param type its media type
   * @param signal ends it
   */
  async stream<Path extends string>(
    path: Path,
    params: PathParameters<Path>,
    query: Readonly<Record<string, string | undefined>>,
    type: string,
    signal: AbortSignal,
  ): Promise<ReadableStream<Uint8Array>> {
    return await this.#transport.stream(targetOf(path, params, query), type, signal);
  }
}

/** Sends requests as this machine reaches the relay: by its proxies, with its TLS, and faults of its own. */
class AdminTransport implements Transport {
  readonly #relay: URL;
  readonly #token: string;
  readonly #reach: Reach;

  constructor(relay: URL, token: string, reach: Reach) {
    this.#relay = relay;
    this.#token = token;
    this.#reach = reach;
  }

  distrust(reason: string): Fault {
    return notARelay(this.#relay, reason);
  }

  async send(request: ApiRequest): Promise<ApiAnswer> {
    const repeatable = request.method === "GET" || request.key !== undefined;
    for (let tries = 1; ; tries++) {
      try {
        const response = await this.#fetch(request, AbortSignal.timeout(ANSWER_MS));
        const { headers } = response;
        if (response.status === 204) return { json: undefined, headers, bytes: 0 };
        const { json, bytes } = await readJson(response);
        if (response.ok && json !== undefined) return { json, headers, bytes };
        throw refusal(this.#relay, response, json);
      } catch (error) {
        if (error instanceof Fault) throw error;
        if (!repeatable || tries > 1 || !isLost(error)) throw failure(this.#relay, error);
      }
    }
  }

  /** @throws Fault as {@link send} */
  async stream(target: string, type: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error("no answer in time")), ANSWER_MS);
    let response: Response;
    try {
      response = await this.#fetch({ method: "GET", target }, AbortSignal.any([signal, late.signal]));
    } catch (error) {
      throw failure(this.#relay, error);
    } finally {
      clearTimeout(timer);
    }
    if (!response.ok) {
      const { json } = await readJson(response).catch(() => ({ json: undefined }));
      throw refusal(this.#relay, response, json);
    }
    if (response.body !== null && response.headers.get("content-type") === type) return response.body;
    throw this.distrust(`its answer is not ${type}`);
  }

  async #fetch({ method, target, body, key }: ApiRequest, signal: AbortSignal): Promise<Response> {
    const base = this.#relay.href.replace(/\/+$/, "");
    // The token and what is asked are for this relay, and not for wherever a redirect sends us: none is followed.
    return await request(new URL(`${base}${target}`), this.#reach, {
      method,
      headers: {
        // Where a proxy in front of the relay takes the one header, the token goes in the other.
        ...(this.#reach.login === undefined
          ? { authorization: `Bearer ${this.#token}` }
          : { "x-laneway-token": this.#token }),
        "content-type": "application/json",
        ...(key === undefined ? {} : { "idempotency-key": `"${key}"` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
    });
  }
}

/** Whether there was a connection, which ended before the answer was whole. */
function isLost(error: unknown): boolean {
  return LOST.has((error as NodeJS.ErrnoException).code ?? "");
}

function failure(relay: URL, error: unknown): Fault {
  if (error instanceof Fault) return error;
  return Unreachable.from(relay, error instanceof Error ? error : new Error(String(error)));
}

function refusal(relay: URL, response: Response, json: unknown): Fault {
  if (isForLogin(response.status, response.headers.get("www-authenticate"))) return wantsLogin(relay);
  const problem = problemDetails.safeParse(json);
  if (!problem.success) return notARelay(relay, `HTTP ${response.status} to an API request`);
  const { code, detail, hint = "See the relay's log." } = problem.data;
  return new Fault({ code, message: detail, hint, exitCode: response.status === 400 ? 2 : 1 });
}
