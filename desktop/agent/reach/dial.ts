/** Opens the connection to a relay: by TCP or an HTTP proxy's CONNECT, and with TLS if its URL requires it. */
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { plainText } from "../../../shared/values/plain-text.ts";
import { type HttpProxy, proxyFor, proxyText } from "./proxy.ts";
import { basic, type Reach } from "./reach.ts";
import { trusting } from "./trust.ts";

/** The proxy answered, but made no connection to the relay. */
export class ProxyRefused extends Error {
  readonly proxy: HttpProxy;
  /** Status of the proxy's answer (RFC 9110 section 15). */
  readonly status: number;
  /** With 407: the authentication schemes that the proxy accepts, as `Basic, Negotiate`. */
  readonly schemes: string;

  constructor(proxy: HttpProxy, status: number, schemes: string) {
    super(`the proxy ${proxyText(proxy)} answered with status ${status}`);
    this.proxy = proxy;
    this.status = status;
    this.schemes = schemes;
  }
}

/** The proxy itself was unreachable, or speaks no HTTP. */
export class ProxyUnreachable extends Error {
  readonly proxy: HttpProxy;

  constructor(proxy: HttpProxy, cause: Error) {
    super(`can't reach the proxy ${proxyText(proxy)}`, { cause });
    this.proxy = proxy;
  }
}

/**
 * Opens the connection. On a direct path this machine resolves the relay's name, otherwise only the proxy does.
 *
 * @param signal aborts the attempt; it does not affect an open connection
 * @throws {@link ProxyRefused}, {@link ProxyUnreachable}; the system's error; Fault `usage.proxy`; the signal's reason
 */
export async function dial(relay: URL, reach: Reach, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted();
  const proxy = proxyFor(relay, reach);
  const below =
    proxy === undefined
      ? await openTcp(relay, reach, signal)
      : await openThrough(proxy, relay, reach, signal);
  return relay.protocol === "https:" ? await openTls(below, relay, reach, signal) : below;
}

/** Returns host and port of a URL, the host without brackets. */
export function endpoint({ hostname, port, protocol }: URL): { host: string; port: number } {
  const usual = protocol === "https:" ? 443 : 80;
  return { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? usual : Number(port) };
}

async function openTcp(relay: URL, { zone }: Reach, signal: AbortSignal): Promise<Socket> {
  const { host, port } = endpoint(relay);
  return await opened(
    connectTcp({ host: zone === undefined ? host : `${host}%${zone}`, port }),
    "connect",
    signal,
  );
}

async function openTls(below: Socket, relay: URL, { ca }: Reach, signal: AbortSignal): Promise<Socket> {
  const { host } = endpoint(relay);
  const socket = connectTls({
    socket: below,
    host,
    servername: isIP(host) === 0 ? host : "",
    secureContext: trusting(ca),
    ALPNProtocols: ["http/1.1"],
  });
  return await opened(socket, "secureConnect", signal);
}

/** Resolves to a socket once it is open; destroys it if the attempt is aborted. */
async function opened(
  socket: Socket,
  event: "connect" | "secureConnect",
  signal: AbortSignal,
): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = () => socket.destroy();
  const failed = (error: Error) => reject(error);
  const closed = () => reject(signal.aborted ? signal.reason : new Error("the connection was cut"));
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  socket
    .once(event, () => resolve())
    .once("error", failed)
    .once("close", closed);
  try {
    await promise;
    return socket;
  } finally {
    signal.removeEventListener("abort", abort);
    socket.off("error", failed).off("close", closed);
    // The close reports an error from before the next owner listens.
    socket.on("error", () => {});
  }
}

/**
 * CONNECT (RFC 9110 section 9.3.6), also for `http`, because proxies do not pass upgrades on. Uses Node's own client,
 * because it bounds the answer and can be aborted at any time; proxy agents can do neither.
 */
async function openThrough(
  proxy: HttpProxy,
  relay: URL,
  { ca }: Reach,
  signal: AbortSignal,
): Promise<Socket> {
  const isTls = proxy.url.protocol === "https:";
  const { host, port } = endpoint(proxy.url);
  const target = endpoint(relay);
  const authority = `${relay.hostname}:${target.port}`;
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const asking = (isTls ? requestHttps : requestHttp)({
    host,
    port,
    method: "CONNECT",
    path: authority,
    agent: false,
    headers: {
      host: authority,
      ...(proxy.login === undefined ? {} : { "proxy-authorization": basic(proxy.login) }),
    },
    ...(isTls && { secureContext: trusting(ca), servername: isIP(host) === 0 ? host : "" }),
  });
  const abort = () => asking.destroy();
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  asking.once("connect", ({ statusCode = 0, headers }, socket: Socket, head: Buffer) => {
    // Every 2xx opens the tunnel (RFC 9110 section 9.3.6).
    if (statusCode < 200 || statusCode > 299) {
      socket.destroy();
      return reject(new ProxyRefused(proxy, statusCode, schemesOf(headers["proxy-authenticate"])));
    }
    socket.on("error", () => {});
    if (head.length > 0) socket.unshift(head);
    resolve(socket);
  });
  asking.on("error", (error) => reject(new ProxyUnreachable(proxy, error)));
  asking.once("close", () => reject(new ProxyUnreachable(proxy, new Error("the connection was cut"))));
  asking.end();
  try {
    const socket = await promise;
    signal.throwIfAborted();
    return socket;
  } catch (error) {
    asking.destroy();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Returns the first word of each challenge (RFC 9110 section 11.6.1). Node joins repeated headers into one list. */
function schemesOf(challenges: string | string[] | undefined): string {
  const words = [challenges ?? []]
    .flat()
    .flatMap((text) => [...text.matchAll(/(?:^|,)\s*([A-Za-z-]+)(?=\s|,|$)/g)]);
  return plainText([...new Set(words.map(([, scheme]) => scheme ?? ""))].slice(0, 8).join(", "), 128);
}
