/** Checks the path to a relay, from its name to its protocol. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { TLSSocket } from "node:tls";
import { MESSAGE_BYTES, SUBPROTOCOL } from "../../../shared/protocol/constants.ts";
import { parseControl, relayMessage } from "../../../shared/protocol/control.ts";
import { Fault } from "../../../shared/values/fault.ts";
import { connect } from "../../../system/websocket/connect.ts";
import type { MessageSocket } from "../../../system/websocket/message-socket.ts";
import { dial, endpoint } from "../reach/dial.ts";
import { type HttpProxy, NO_PROXY, proxyFor, proxyText } from "../reach/proxy.ts";
import { basic, type Reach } from "../reach/reach.ts";
import { tunnelUrl } from "../tunnel/tunnel-connection.ts";
import { notARelay, relayUnreachable, Unreachable } from "../tunnel/tunnel-errors.ts";
import { upgradeFault } from "../tunnel/upgrade-fault.ts";
import type { Check, Finding } from "./checks.ts";
import { since, TooLate, within } from "./patience.ts";

/** Maximum time for each check, in milliseconds. */
const DNS_MS = 10_000;
const TCP_MS = 10_000;
const TLS_MS = 10_000;
const WEBSOCKET_MS = 15_000;

/** Maximum addresses of a resolver's answer that are shown. */
const SHOWN = 4;

/** Returns the checks `dns`, `reach`, `tls` and `websocket` of a relay. */
export function relayChecks(relay: URL, reach: Reach): Check[] {
  return [
    { id: "dns", run: (signal) => checkName(relay, reach, signal) },
    { id: "reach", needs: ["dns"], run: (signal) => checkReach(relay, reach, signal) },
    { id: "tls", needs: ["reach"], run: (signal) => checkTls(relay, reach, signal) },
    { id: "websocket", needs: ["tls"], run: (signal) => checkWebSocket(relay, reach, signal) },
  ];
}

/** Returns the finding for an error on the path to the relay. */
export function wayFailed(relay: URL, error: unknown, signal: AbortSignal): Finding {
  signal.throwIfAborted();
  if (error instanceof Fault) return { state: "fail", detail: error.message, hint: error.hint };
  if (!(error instanceof Error)) throw error;
  const { message, hint } = Unreachable.from(relay, error);
  return { state: "fail", detail: message, hint };
}

async function checkName(relay: URL, reach: Reach, signal: AbortSignal): Promise<Finding> {
  const proxy = proxyFor(relay, reach);
  if (proxy !== undefined) {
    return { state: "skipped", detail: `the proxy ${proxyText(proxy)} looks up ${relay.hostname}` };
  }
  const { host } = endpoint(relay);
  if (isIP(host) !== 0) return { state: "skipped", detail: `${host} is an address, not a name` };
  const start = performance.now();
  try {
    const found = await within(DNS_MS, signal, () => lookup(host, { all: true }));
    const addresses = found.map(({ address }) => address).slice(0, SHOWN);
    return measured(`${host} is ${addresses.join(", ")}`, start);
  } catch (error) {
    signal.throwIfAborted();
    return {
      state: "fail",
      detail: `the name ${host} can't be resolved (${codeOf(error)})`,
      hint: "Check the name in the relay's URL, that this machine is online, and which DNS server it asks.",
    };
  }
}

async function checkReach(relay: URL, reach: Reach, signal: AbortSignal): Promise<Finding> {
  const { host, port } = endpoint(relay);
  const proxy = proxyFor(relay, reach);
  // TLS is checked by the next check.
  const below = new URL(`http://${relay.hostname}:${port}`);
  const start = performance.now();
  try {
    return await within(TCP_MS, signal, async (either) => {
      const socket = await dial(
        below,
        { ...reach, proxy: proxy === undefined ? NO_PROXY : urlOf(proxy) },
        either,
      );
      const way = proxy === undefined ? "" : `, through the proxy ${proxyText(proxy)}`;
      const finding = measured(
        `TCP to ${(way === "" && socket.remoteAddress) || host} port ${port}${way}`,
        start,
      );
      socket.destroy();
      return finding;
    });
  } catch (error) {
    signal.throwIfAborted();
    if (proxy !== undefined && !(error instanceof TooLate)) return wayFailed(relay, error, signal);
    return {
      state: "fail",
      detail: `no TCP connection to ${host} port ${port} (${codeOf(error)})`,
      hint: REACH_HINTS[codeOf(error)] ?? "Check that this machine is online, and that the relay runs.",
    };
  }
}

const REACH_HINTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "Nothing listens there: check that the relay runs, and the port in its URL.",
  ENETUNREACH: "This machine has no route there: check its network and its default route.",
  EHOSTUNREACH:
    "That machine does not answer, or a firewall rejects it: check its address and the firewalls between.",
  "no answer": "A firewall drops it: check the firewalls of this machine, its network and the relay.",
};

/** The proxy's URL in the form that {@link proxyFor} reads. */
function urlOf({ url, login }: HttpProxy): string {
  if (login === undefined) return url.href;
  const [user = "", ...password] = login.split(":");
  return `${url.protocol}//${encodeURIComponent(user)}:${encodeURIComponent(password.join(":"))}@${url.host}`;
}

async function checkTls(relay: URL, reach: Reach, signal: AbortSignal): Promise<Finding> {
  if (relay.protocol !== "https:") {
    const hint = "Have the relay reached by https:// from outside: without TLS anybody on the way can read.";
    return { state: "skipped", detail: "the relay's URL is http://: there is no TLS", hint };
  }
  const start = performance.now();
  try {
    return await within(TLS_MS, signal, async (either) => {
      const socket = await dial(relay, reach, either);
      if (!(socket instanceof TLSSocket)) throw new Error("there is no TLS");
      const until = socket.getPeerCertificate().valid_to;
      const finding = measured(`${socket.getProtocol() ?? "TLS"}, certificate until ${until}`, start);
      socket.destroy();
      return finding;
    });
  } catch (error) {
    return wayFailed(relay, error, signal);
  }
}

/** Checks whether the upgrade passes and a relay answers: the relay speaks first, with its challenge. */
async function checkWebSocket(relay: URL, reach: Reach, signal: AbortSignal): Promise<Finding> {
  const start = performance.now();
  const challenged = Promise.withResolvers<void>();
  // The challenge may fail before the code below waits for it.
  challenged.promise.catch(() => {});
  let socket: MessageSocket | undefined;
  try {
    return await within(WEBSOCKET_MS, signal, async (either) => {
      await connect(tunnelUrl(relay), {
        subprotocol: SUBPROTOCOL,
        maxBytes: MESSAGE_BYTES,
        timeoutMs: WEBSOCKET_MS,
        framing: "own",
        signal: either,
        ...(reach.login === undefined ? {} : { headers: { authorization: basic(reach.login) } }),
        dial: (attempt) => dial(relay, reach, attempt),
        opened: (open) => {
          socket = open;
          return {
            text: (message) => {
              const parsed = parseControl(relayMessage, message);
              if (parsed.kind === "message" && parsed.message.type === "challenge") challenged.resolve();
              else challenged.reject(notARelay(relay, "it spoke, but not laneway.v1"));
            },
            binary: (block) => {
              block.release();
              challenged.reject(notARelay(relay, "it spoke, but not laneway.v1"));
            },
            alive: () => {},
            closed: (code) => challenged.reject(relayUnreachable(relay, `the connection ended (${code})`)),
          };
        },
      });
      await challenged.promise;
      return measured("the upgrade passes, and a relay answers", start);
    });
  } catch (error) {
    signal.throwIfAborted();
    const isOfWay = error instanceof Fault || !(error instanceof Error);
    return wayFailed(relay, isOfWay ? error : await upgradeFault(relay, reach, error, signal), signal);
  } finally {
    socket?.terminate();
  }
}

function codeOf(error: unknown): string {
  if (error instanceof TooLate) return "no answer";
  const { code, message } = error as NodeJS.ErrnoException;
  return code === "ETIMEDOUT" ? "no answer" : (code ?? message);
}

function measured(detail: string, start: number): Finding {
  return { state: "pass", detail, value: since(start), unit: "ms" };
}
