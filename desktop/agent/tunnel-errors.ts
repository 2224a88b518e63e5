import { Fault } from "../../shared/fault.ts";
import { Close } from "../../shared/tunnel/close.ts";
import type { Credentials } from "./credentials.ts";

/** The relay could not be reached now; another attempt may be better. */
export class Unreachable extends Error {
  constructor(relay: URL, why: string, cause?: unknown) {
    super(`can't reach ${relay.href}: ${why}`, { cause });
  }

  /** What a failed connection attempt means: a {@link Fault} where the other end is no relay. */
  static from(relay: URL, error: Error): Fault | Unreachable {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (
      code.startsWith("HPE_") ||
      /Sec-WebSocket|subprotocol|status code|Upgrade header/i.test(error.message)
    ) {
      return notARelay(relay, error.message);
    }
    if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "EPROTO")
      return notARelay(relay, "it does not speak TLS");
    if (/CERT|SELF_SIGNED|UNABLE_TO_/.test(code)) return untrusted(relay, error);
    return new Unreachable(relay, code === "" ? error.message : code, error);
  }
}

/** What an HTTP answer other than 101 to the upgrade means. */
export function afterUpgradeRefused(relay: URL, status: number): Fault | Unreachable {
  // What proxies say while the relay behind them is away or busy.
  if (status === 429 || (status >= 500 && status !== 501)) return new Unreachable(relay, `HTTP ${status}`);
  return notARelay(relay, `HTTP ${status} to the request for a tunnel`);
}

export function notARelay(relay: URL, answer: string): Fault {
  return new Fault({
    code: "relay.not-a-relay",
    message: `${relay.href} is not a Laneway relay (${answer})`,
    hint: "Check the URL: it is the one that 'laneway relay' prints, or that your operator gave you.",
  });
}

function untrusted(relay: URL, error: Error): Fault {
  return new Fault({
    code: "relay.certificate",
    message: `the certificate of ${relay.href} is not trusted: ${error.message}`,
    hint: "Have the relay use a valid certificate, or trust its authority with NODE_EXTRA_CA_CERTS=FILE.",
    cause: error,
  });
}

/** Faults of the way to the relay: once it has worked, they may pass (a proxy, a certificate being renewed). */
export function isConnectionFault(error: unknown): error is Fault {
  return error instanceof Fault && CONNECTION_FAULTS.has(error.code);
}

const CONNECTION_FAULTS: ReadonlySet<string> = new Set([
  "relay.not-a-relay",
  "relay.websocket-blocked",
  "relay.certificate",
]);

/** What keeps us from the relay for now: another attempt is made by itself. */
export function passing(why: Unreachable | Fault | string): Fault {
  if (why instanceof Fault) return why;
  const hint = "It is tried again by itself; check that this machine is online, and that the relay runs.";
  if (typeof why === "string") return new Fault({ code: "relay.away", message: why, hint });
  return new Fault({ code: "relay.unreachable", message: why.message, hint, cause: why });
}

const HINTS: Readonly<Record<number, string>> = {
  [Close.tooBig]: "Both ends have to speak the same limits: update the older of the two.",
  [Close.malformed]: "Update Laneway on both ends; if it stays, please report it.",
  [Close.unsupported]: "Update the older of the two ends.",
  [Close.replaced]: "Another machine uses this device's key: enrol one of them anew.",
};

/** The relay closed with a code after which a client stops. */
export function closedForGood(relay: URL, credentials: Credentials, code: number, reason: string): Fault {
  const what: Readonly<Record<number, string>> = {
    [Close.refused]: `refused the ${credentials.kind}`,
    [Close.revoked]: "has withdrawn this access",
  };
  return new Fault({
    code: `tunnel.closed-${code}`,
    message: `${relay.href} ${what[code] ?? "ended the tunnel"} (${code}: ${reason})`,
    hint: credentials.advice(code) ?? HINTS[code] ?? "Try again later.",
  });
}
