/** The way to a relay, from its name to its protocol. */
import { lookup } from "node:dns/promises";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { Fault } from "../../../shared/fault.ts";
import { MESSAGE_BYTES, SUBPROTOCOL } from "../../../shared/tunnel/constants.ts";
import { parseControl, relayMessage } from "../../../shared/tunnel/control.ts";
import { connect } from "../../../system/websocket/connect.ts";
import type { MessageSocket } from "../../../system/websocket/message-socket.ts";
import { tunnelUrl } from "../tunnel-connection.ts";
import { notARelay, passing, Unreachable } from "../tunnel-errors.ts";
import { upgradeFault } from "../upgrade-fault.ts";
import type { Check, Finding } from "./checks.ts";
import { since, TooLate, within } from "./patience.ts";

/** How long each may take, in milliseconds. */
const DNS_MS = 10_000;
const TCP_MS = 10_000;
const TLS_MS = 10_000;
const WEBSOCKET_MS = 15_000;

/** Of the names that a resolver gives, shown at most. */
const SHOWN = 4;

/** The checks `dns`, `reach`, `tls` and `websocket` of a relay. */
export function relayChecks(relay: URL): Check[] {
  return [
    { id: "dns", run: (signal) => checkName(relay, signal) },
    { id: "reach", needs: ["dns"], run: (signal) => checkReach(relay, signal) },
    { id: "tls", needs: ["reach"], run: (signal) => checkTls(relay, signal) },
    { id: "websocket", needs: ["tls"], run: (signal) => checkWebSocket(relay, signal) },
  ];
}

/** What went wrong on the way to the relay, as a finding. */
export function wayFailed(relay: URL, error: unknown, signal: AbortSignal): Finding {
  signal.throwIfAborted();
  if (error instanceof Fault) return { state: "fail", detail: error.message, hint: error.hint };
  if (!(error instanceof Error)) throw error;
  const fault = passing(error instanceof Unreachable ? error : Unreachable.from(relay, error));
  return { state: "fail", detail: fault.message, hint: fault.hint };
}

async function checkName(relay: URL, signal: AbortSignal): Promise<Finding> {
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
      detail: `the name ${host} is not found (${codeOf(error)})`,
      hint: "Check the name in the relay's URL, that this machine is online, and which DNS server it asks.",
    };
  }
}

async function checkReach(relay: URL, signal: AbortSignal): Promise<Finding> {
  const { host, port } = endpoint(relay);
  const start = performance.now();
  try {
    return await within(TCP_MS, signal, async (either) => {
      const socket = await opened(connectTcp({ host, port }), "connect", either);
      const finding = measured(`TCP to ${socket.remoteAddress ?? host} port ${port}`, start);
      socket.destroy();
      return finding;
    });
  } catch (error) {
    signal.throwIfAborted();
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
    "That machine is not there, or a firewall says so: check its address and the firewalls between.",
  "no answer":
    "Something on the way drops it: check the firewalls of this machine, its network and the relay.",
};

async function checkTls(relay: URL, signal: AbortSignal): Promise<Finding> {
  if (relay.protocol !== "https:") {
    const hint = "Have the relay reached by https:// from outside: without TLS anybody on the way can read.";
    return { state: "skipped", detail: "the relay's URL is http://: there is no TLS", hint };
  }
  const { host, port } = endpoint(relay);
  const name = isIP(host) === 0 ? { servername: host } : {};
  const start = performance.now();
  try {
    return await within(TLS_MS, signal, async (either) => {
      const connecting = connectTls({ host, port, ALPNProtocols: ["http/1.1"], ...name });
      const socket = await opened<TLSSocket>(connecting, "secureConnect", either);
      const until = socket.getPeerCertificate().valid_to;
      const finding = measured(`${socket.getProtocol() ?? "TLS"}, certificate until ${until}`, start);
      socket.destroy();
      return finding;
    });
  } catch (error) {
    return wayFailed(relay, error, signal);
  }
}

/** Whether the upgrade is let through, and a relay is behind it: it speaks first, with its challenge. */
async function checkWebSocket(relay: URL, signal: AbortSignal): Promise<Finding> {
  const start = performance.now();
  const challenged = Promise.withResolvers<void>();
  // It may be over before anybody waits.
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
            closed: (code) => challenged.reject(new Unreachable(relay, `the connection ended (${code})`)),
          };
        },
      });
      await challenged.promise;
      return measured("the upgrade passes, and a relay answers", start);
    });
  } catch (error) {
    signal.throwIfAborted();
    const isOfWay = error instanceof Fault || error instanceof Unreachable || !(error instanceof Error);
    return wayFailed(relay, isOfWay ? error : await upgradeFault(relay, error, signal), signal);
  } finally {
    socket?.terminate();
  }
}

/** A socket once it is open. */
function opened<Kind extends Socket>(
  socket: Kind,
  event: "connect" | "secureConnect",
  signal: AbortSignal,
): Promise<Kind> {
  return new Promise((resolve, reject) => {
    const abort = () => socket.destroy();
    signal.addEventListener("abort", abort, { once: true });
    socket.once(event, () => resolve(socket));
    // Also after it was given up: nobody else listens.
    socket.on("error", reject);
  });
}

/** Where the relay listens. */
function endpoint(relay: URL): { host: string; port: number } {
  const host = relay.hostname.replace(/^\[|\]$/g, "");
  return { host, port: relay.port === "" ? (relay.protocol === "https:" ? 443 : 80) : Number(relay.port) };
}

function codeOf(error: unknown): string {
  if (error instanceof TooLate) return "no answer";
  const { code, message } = error as NodeJS.ErrnoException;
  return code === "ETIMEDOUT" ? "no answer" : (code ?? message);
}

function measured(detail: string, start: number): Finding {
  return { state: "pass", detail, value: since(start), unit: "ms" };
}
