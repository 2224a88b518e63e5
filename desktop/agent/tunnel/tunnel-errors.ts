/**
 * Sorts every error on the way to a relay into final and temporary ones. Final are only the relay's own statements: the
 * closes of {@link FINAL_CLOSES}, and what it says of networks after `welcome` (`network.none`, `network.unknown`,
 * `network.refused`; see TunnelClient). All others may pass: a relay that is down, a proxy, a captive portal, a wrong
 * clock after boot. These are {@link Unreachable}; they are retried, and their reason is shown.
 */

import { type AfterClose, afterClose, Close } from "../../../shared/protocol/close.ts";
import { Fault } from "../../../shared/values/fault.ts";
import { plainText } from "../../../shared/values/plain-text.ts";
import { UpgradeRefused } from "../../../system/websocket/connect.ts";
import type { Credentials } from "../identity/credentials.ts";
import { endpoint, ProxyRefused, ProxyUnreachable } from "../reach/dial.ts";
import { proxyText } from "../reach/proxy.ts";

/** Maximum characters shown of another program's text. */
const SHOWN = 256;

/** A temporary failure to reach the relay: another attempt may succeed, and follows to keep a network up. */
export class Unreachable extends Fault {
  /** Returns the meaning of any failed attempt to connect. */
  static from(relay: URL, error: Error): Unreachable {
    if (error instanceof Unreachable) return error;
    if (error instanceof UpgradeRefused) return afterUpgradeRefused(relay, error.status, error.asksFor);
    if (error instanceof ProxyRefused) return afterProxyRefused(relay, error);
    if (error instanceof ProxyUnreachable) return proxyUnreachable(error);
    return afterError(relay, error);
  }
}

/** Returns the fault for an unreachable relay, with a short reason. */
export function relayUnreachable(relay: URL, why: string, cause?: unknown, hint = ONLINE): Unreachable {
  return new Unreachable({
    code: "relay.unreachable",
    message: `can't reach ${relay.href}: ${plainText(why, SHOWN)}`,
    hint,
    cause,
  });
}

const ONLINE = "Check that this machine is online, that the URL is right, and that the relay runs.";

/** Returns the fault for a URL at which another program answers. */
export function notARelay(relay: URL, answer: string): Unreachable {
  return new Unreachable({
    code: "relay.not-a-relay",
    message: `${relay.href} is not a Laneway relay (${plainText(answer, SHOWN)})`,
    hint: "Check the URL: use the one that 'laneway relay' prints, or that your operator gave you.",
  });
}

/**
 * Returns the meaning of an HTTP answer other than 101 to the upgrade.
 *
 * @param asksFor its WWW-Authenticate
 */
export function afterUpgradeRefused(relay: URL, status: number, asksFor = ""): Unreachable {
  if (isForLogin(status, asksFor)) return wantsLogin(relay);
  // Answers of proxies while the relay behind them is down or busy.
  if (status === 429 || (status >= 500 && status !== 501)) return relayUnreachable(relay, `HTTP ${status}`);
  return notARelay(relay, `HTTP ${status} to the request for a tunnel`);
}

/** Returns whether an answer asks for a user and a password, as a relay never does. */
export function isForLogin(status: number, asksFor: string | null): boolean {
  return status === 401 && /\b(?:basic|digest|negotiate|ntlm)\b/i.test(asksFor ?? "");
}

/** Returns the fault for a proxy in front of the relay that asks for a user and a password. */
export function wantsLogin(relay: URL): Unreachable {
  return new Unreachable({
    code: "relay.login",
    message: `what is in front of ${relay.href} asks for a user and a password, or does not take the ones given (401)`,
    hint: `Name the relay with them: ${relay.protocol}//USER:PASSWORD@${relay.host}${relay.pathname.replace(/\/+$/, "")}`,
  });
}

function afterProxyRefused(relay: URL, { proxy, status, schemes }: ProxyRefused): Unreachable {
  const where = proxyText(proxy);
  const { host, port } = endpoint(relay);
  const target = `${host}:${port}`;
  if (status === 407) {
    const user = proxy.login?.split(":", 1)[0] ?? "";
    const isSpoken = schemes === "" || /\bbasic\b/i.test(schemes);
    return new Unreachable({
      code: "proxy.login",
      message:
        proxy.login === undefined
          ? `the proxy ${where} asks for a user and a password (407)`
          : `the proxy ${where} does not take the password of '${plainText(user, SHOWN)}' (407)`,
      hint: isSpoken
        ? `Name it with them, in HTTPS_PROXY or with --proxy: ${proxy.url.protocol}//USER:PASSWORD@${proxy.url.host}`
        : `It takes ${schemes}, and Laneway speaks Basic: run a local proxy that speaks the other, and name that.`,
    });
  }
  if (status === 403) {
    return new Unreachable({
      code: "proxy.forbidden",
      message: `the proxy ${where} does not allow a connection to ${target} (403)`,
      hint: `Ask its administrator to allow CONNECT to ${target}; many allow port 443 alone.`,
    });
  }
  return new Unreachable({
    code: "proxy.failed",
    message: `the proxy ${where} made no connection to ${target} (HTTP ${status})`,
    hint: "Check the relay's name and that it runs: the proxy looks up the name and connects.",
  });
}

function proxyUnreachable({ proxy, cause }: ProxyUnreachable): Unreachable {
  const why = cause instanceof Error ? reasonOf(cause) : String(cause);
  return new Unreachable({
    code: "proxy.unreachable",
    message: `can't reach the proxy ${proxyText(proxy)}: ${plainText(why, SHOWN)}`,
    hint: "Check HTTPS_PROXY, HTTP_PROXY and --proxy; '--proxy none' goes without one, NO_PROXY to some hosts.",
    cause,
  });
}

/** TLS errors against a server that speaks another protocol (OpenSSL's names). */
const NO_TLS = /^(?:ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)|EPROTO)$/;
/** Certificate errors (X509_verify_cert_error_string(3), and Node's own). */
const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_(?:CA|PURPOSE)|PATH_LENGTH/;
/** Parse errors of Node's HTTP parser, before or in the answer to the handshake. */
const NO_HTTP = /^HPE_/;
const NO_UPGRADE = /Sec-WebSocket|subprotocol|status code|Upgrade header/i;

function afterError(relay: URL, error: Error): Unreachable {
  const code = codeOf(error);
  if (NO_HTTP.test(code) || NO_UPGRADE.test(error.message)) return notARelay(relay, error.message);
  if (NO_TLS.test(code)) return notARelay(relay, "it does not speak TLS");
  if (UNTRUSTED.test(code)) return untrusted(relay, code, error);
  return relayUnreachable(relay, reasonOf(error), error, HINTS[code]);
}

/** The next step for some of the system's errors. */
const HINTS: Readonly<Record<string, string>> = {
  ENOTFOUND: "Check the name in the URL, and that this machine is online.",
  EAI_AGAIN: "No DNS server answers: check that this machine is online.",
  ECONNREFUSED: "Nothing listens there: check that the relay runs, and the port in its URL.",
  ENETUNREACH: "This machine has no route there: check its network.",
};

function untrusted(relay: URL, code: string, error: Error): Unreachable {
  const now = new Date().toISOString().slice(0, 16);
  const hint =
    code === "CERT_NOT_YET_VALID" || code === "CERT_HAS_EXPIRED"
      ? `This machine's clock says ${now}Z: set it if that is wrong; else the relay needs another certificate.`
      : "Trust its authority: in the system's store, with --ca FILE or by NODE_EXTRA_CA_CERTS; or have the relay use a valid one.";
  return new Unreachable({
    code: "relay.certificate",
    message: `the certificate of ${relay.href} is not trusted: ${plainText(error.message, SHOWN)}`,
    hint,
    cause: error,
  });
}

function codeOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === "string" ? code : "";
}

function reasonOf(error: Error): string {
  // From AbortSignal.timeout.
  if (error.name === "TimeoutError") return "no answer in time";
  return codeOf(error) || error.message || error.name;
}

/** The end of a connection, by a close code of the relay or by this side. */
export interface TunnelEnd {
  readonly code: number;
  readonly reason: string;
  /** Whether this side ended it, because the relay's messages were unusable. */
  readonly isOurs?: boolean;
}

/** The meaning of a connection's end. */
export interface CloseVerdict {
  readonly after: AfterClose;
  /** The fault to report; an {@link Unreachable} unless it is final. */
  readonly fault: Fault;
}

/** Final close codes, and their meaning. */
const FINAL_CLOSES: Readonly<Record<number, { readonly says: string; readonly hint: string }>> = {
  [Close.tooBig]: {
    says: "ended the tunnel",
    hint: "Both ends must have the same limits: update the older of the two.",
  },
  [Close.refused]: { says: "refused the", hint: "Try again later." },
  [Close.malformed]: {
    says: "ended the tunnel",
    hint: "Update Laneway on both ends; if it happens again, please report it.",
  },
  [Close.revoked]: { says: "has withdrawn this access", hint: "Try again later." },
  [Close.unsupported]: { says: "ended the tunnel", hint: "Update the older of the two ends." },
  [Close.replaced]: {
    says: "ended the tunnel",
    hint: "Another machine uses this device's key: enrol one of them again.",
  },
};

/** Judges the end of a connection, welcomed or not. */
export function judgeEnd(
  relay: URL,
  credentials: Credentials,
  { code, reason, isOurs }: TunnelEnd,
): CloseVerdict {
  const after = isOurs === true ? "reconnect" : afterClose(code, reason);
  const why = reason === "" ? `the connection ended (${code})` : reason;
  const final = after === "stop" ? FINAL_CLOSES[code] : undefined;
  if (final === undefined) {
    const hint = "Laneway retries automatically; check that this machine is online, and that the relay runs.";
    return { after, fault: new Unreachable({ code: "relay.away", message: why, hint }) };
  }
  const says = code === Close.refused ? `${final.says} ${credentials.kind}` : final.says;
  const fault = new Fault({
    code: `tunnel.closed-${code}`,
    message: `${relay.href} ${says} (${code}: ${why})`,
    hint: credentials.advice(code) ?? final.hint,
  });
  return { after, fault };
}
