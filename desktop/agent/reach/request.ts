import { request as requestHttp } from "node:http";
import { Readable } from "node:stream";
import { dial } from "./dial.ts";
import { basic, type Reach } from "./reach.ts";

export interface RequestOptions {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/**
 * Sends an HTTP request to a relay over the same path as its tunnel. Unlike `fetch` it follows no redirect, and uses
 * the proxies and authorities of `reach`.
 *
 * @param url below the relay's base URL
 * @throws what {@link dial} throws; the system's error if the connection is lost; the signal's reason
 */
export async function request(url: URL, reach: Reach, options: RequestOptions): Promise<Response> {
  const { method, headers, body, signal } = options;
  const socket = await dial(url, reach, signal);
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const asking = requestHttp({
    method,
    path: `${url.pathname}${url.search}`,
    headers: {
      host: url.host,
      ...(reach.login === undefined ? {} : { authorization: basic(reach.login) }),
      ...headers,
      ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
    },
    // The socket already includes TLS.
    createConnection: () => socket,
    signal,
  });
  asking.on("error", (error) => reject(signal.aborted ? signal.reason : error));
  asking.once("close", () => reject(new Error("the connection was cut")));
  asking.once("upgrade", (_response, upgraded) => {
    upgraded.destroy();
    reject(new Error("the answer was an upgrade that was not asked for"));
  });
  asking.once("response", (response) => {
    const { statusCode: status = 0, rawHeaders } = response;
    const fields = new Headers();
    for (let at = 0; at + 1 < rawHeaders.length; at += 2)
      fields.append(rawHeaders[at] ?? "", rawHeaders[at + 1] ?? "");
    const hasBody = status !== 204 && status !== 205 && status !== 304;
    if (!hasBody) response.resume();
    try {
      // Response accepts no other status (Fetch, "Response class").
      if (status < 200 || status > 599) throw new Error(`HTTP ${status} is no answer`);
      const stream = hasBody ? (Readable.toWeb(response) as ReadableStream<Uint8Array>) : null;
      resolve(new Response(stream, { status, headers: fields }));
    } catch (error) {
      asking.destroy();
      reject(error);
    }
  });
  asking.end(body);
  return await promise;
}
