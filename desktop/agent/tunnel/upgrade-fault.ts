/** Tells a proxy that blocks WebSockets from a server that is no relay. */
import { UpgradeRefused } from "../../../system/websocket/connect.ts";
import { relayText } from "../identity/device-store.ts";
import type { Reach } from "../reach/reach.ts";
import { request } from "../reach/request.ts";
import { Unreachable } from "./tunnel-errors.ts";

/** Limits of the relay's health answer: milliseconds, and bytes. */
const HEALTH_MS = 5_000;
const HEALTH_BYTES = 4_096;

/**
 * Returns the meaning of a failed request for a tunnel. If the answer is not a relay's, but `/healthz` works at the
 * same URL, a proxy has changed the request: the result says how.
 *
 * @throws the signal's reason when aborted
 */
export async function upgradeFault(
  relay: URL,
  reach: Reach,
  error: Error,
  signal: AbortSignal,
): Promise<Unreachable> {
  const fault = Unreachable.from(relay, error);
  if (fault.code !== "relay.not-a-relay") return fault;
  return (await isHealthy(relay, reach, signal)) ? blocked(relay, error) : fault;
}

/** Returns whether a relay answers ordinary requests there. */
async function isHealthy(relay: URL, reach: Reach, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await request(new URL(`${relayText(relay)}/healthz`), reach, {
      method: "GET",
      headers: {},
      signal: AbortSignal.any([signal, AbortSignal.timeout(HEALTH_MS)]),
    });
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString("latin1");
      if (text.length > HEALTH_BYTES) return false;
    }
    const health: unknown = JSON.parse(text);
    return typeof health === "object" && health !== null && "status" in health && health.status === "ok";
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

function blocked(relay: URL, error: Error): Unreachable {
  const { what, hint } = changeBy(error);
  return new Unreachable({
    code: "relay.websocket-blocked",
    message: `${relay.href} is a relay, but a proxy on the way ${what}`,
    hint,
    cause: error,
  });
}

const PASS_UPGRADE =
  "Make the proxy forward WebSockets; in nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;";

/** Returns what the answer reveals of the proxy. */
function changeBy(error: Error): { what: string; hint: string } {
  if (error instanceof UpgradeRefused) {
    // A relay answers 426 to a request without Upgrade (RFC 9110 section 15.5.22); a 101 without Upgrade is no upgrade.
    if (error.status === 426 || error.status === 101) {
      return { what: "removes the headers Upgrade and Connection", hint: PASS_UPGRADE };
    }
    return {
      what: `lets no WebSocket through: the request for a tunnel is answered with HTTP ${error.status}`,
      hint: "Make it forward WebSockets to /v1/tunnel, with all their headers (Upgrade, Connection, Sec-WebSocket-…).",
    };
  }
  // Messages of the package `ws` about an answer (RFC 6455 section 4.1).
  const lost = [
    { says: /subprotocol/i, header: "Sec-WebSocket-Protocol" },
    { says: /Sec-WebSocket-Accept/i, header: "Sec-WebSocket-Key or Sec-WebSocket-Accept" },
    { says: /Upgrade header/i, header: "Upgrade" },
  ].find(({ says }) => says.test(error.message));
  if (lost === undefined) return { what: `breaks WebSockets: ${error.message}`, hint: PASS_UPGRADE };
  return {
    what: `removes the header ${lost.header}`,
    hint: `Make it forward ${lost.header} unchanged, in the request and in the answer.`,
  };
}
