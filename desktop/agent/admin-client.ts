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

/** Maximum time for a relay's answer, in milliseconds. */
const ANSWER_MS = 15_000;

/** Error codes of a lost connection. */
const LOST: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);

/** Calls a relay's administration API from this machine. */
export class AdminClient extends ApiClient {
  readonly #transport: AdminTransport;

  /** @param reach the way to the relay; by default direct, or through the environment's proxy */
  constructor(relay: URL, token: string, reach: Reach = PLAIN) {
    const transport = new AdminTransport(relay, token, reach);
    super(transport);
    this.#transport = transport;
  }

  /**
   * Fetches a response that is not JSON and may be endless.
   *
   * @param type the expected media type
   * @param signal ends the stream
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

/** Sends requests with this machine's proxies and TLS settings, and turns failures into faults. */
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
    // Follows no redirects, because the token and the request are for this relay only.
    return await request(new URL(`${base}${target}`), this.#reach, {
      method,
      headers: {
        // If a proxy in front of the relay uses Authorization, the token goes in the other header.
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

/** Returns whether an established connection ended before the answer was complete. */
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
