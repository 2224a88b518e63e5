import { Fault } from "../../shared/fault.ts";

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
