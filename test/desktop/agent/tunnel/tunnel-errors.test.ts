// Final and temporary failures: every close code, HTTP status, TLS and system error.
import { constants } from "node:os";
import { describe, expect, it } from "vitest";
import { deviceCredentials, tokenCredentials } from "../../../../desktop/agent/identity/credentials.ts";
import { DeviceKey } from "../../../../desktop/agent/identity/device-key.ts";
import { ProxyRefused, ProxyUnreachable } from "../../../../desktop/agent/reach/dial.ts";
import { parseProxy } from "../../../../desktop/agent/reach/proxy.ts";
import { judgeEnd, Unreachable } from "../../../../desktop/agent/tunnel/tunnel-errors.ts";
import { isErrorCode } from "../../../../desktop/rpc/error-codes.ts";
import { LATE_HELLO } from "../../../../shared/protocol/close.ts";
import { UpgradeRefused } from "../../../../system/websocket/connect.ts";

const RELAY = new URL("https://relay.example/");
const TOKEN = tokenCredentials("t");
const DEVICE = deviceCredentials({ relay: RELAY, device: "d", key: DeviceKey.generate() });

function expectPassing(error: Error): Unreachable {
  const fault = Unreachable.from(RELAY, error);
  expect(fault).toBeInstanceOf(Unreachable);
  expect(isErrorCode(fault.code), fault.code).toBe(true);
  expect([fault.message, fault.hint].every((line) => line !== "" && !line.includes("\n"))).toBe(true);
  return fault;
}

function failing(code: string, message = code): Error {
  return Object.assign(new Error(message), { code });
}

describe("a failure to reach a relay", () => {
  it("is final for six close codes of the relay, and for no other", () => {
    const final: number[] = [];
    for (let code = 1000; code <= 4999; code++) {
      for (const credentials of [TOKEN, DEVICE]) {
        const { after, fault } = judgeEnd(RELAY, credentials, { code, reason: "why" });
        expect(fault instanceof Unreachable, String(code)).toBe(after !== "stop");
        expect(isErrorCode(fault.code), fault.code).toBe(true);
        if (after === "stop" && credentials === TOKEN) final.push(code);
      }
    }
    expect(final).toEqual([1009, 4001, 4002, 4003, 4004, 4009]);
  });

  it("is not final if this side closed the connection", () => {
    for (let code = 1000; code <= 4999; code++) {
      const { after } = judgeEnd(RELAY, TOKEN, { code, reason: "why", isOurs: true });
      expect(after).toBe("reconnect");
    }
  });

  it("is temporary if the hello was late, also with an older relay's close code for it", () => {
    expect(judgeEnd(RELAY, TOKEN, { code: 4008, reason: LATE_HELLO }).after).toBe("reconnect");
    const older = judgeEnd(RELAY, TOKEN, { code: 4001, reason: "no hello within 5 seconds" });
    expect(older).toMatchObject({ after: "reconnect", fault: { message: "no hello within 5 seconds" } });
    const wrong = judgeEnd(RELAY, TOKEN, { code: 4001, reason: "credentials refused" });
    expect(wrong).toMatchObject({ after: "stop", fault: { code: "tunnel.closed-4001" } });
  });

  it("is temporary for every HTTP status instead of the upgrade", () => {
    for (let status = 100; status <= 999; status++) expectPassing(new UpgradeRefused(status));
    expect(expectPassing(new UpgradeRefused(404)).code).toBe("relay.not-a-relay");
    expect(expectPassing(new UpgradeRefused(302)).code).toBe("relay.not-a-relay");
    expect(expectPassing(new UpgradeRefused(502)).code).toBe("relay.unreachable");
    expect(expectPassing(new UpgradeRefused(401)).code).toBe("relay.not-a-relay");
    expect(expectPassing(new UpgradeRefused(401, 'Basic realm="x"')).code).toBe("relay.login");
  });

  it("is temporary for every status of a proxy, and for an unreachable proxy", () => {
    for (const url of ["http://p:1", "http://ann:secret@p:1"]) {
      const proxy = parseProxy(url);
      for (let status = 100; status <= 999; status++) {
        const { code } = expectPassing(new ProxyRefused(proxy, status, "Basic"));
        expect(code).toBe({ 407: "proxy.login", 403: "proxy.forbidden" }[status] ?? "proxy.failed");
      }
      const away = expectPassing(new ProxyUnreachable(proxy, failing("ECONNREFUSED")));
      expect(away.message).toBe("can't reach the proxy http://p:1: ECONNREFUSED");
    }
  });

  it("is temporary for every error of the system", () => {
    const names = [...Object.keys(constants.errno), "ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "EAI_NODATA"];
    for (const name of names) expect(expectPassing(failing(name)).message).toContain(RELAY.href);
    expect(expectPassing(failing("ENOTFOUND")).code).toBe("relay.unreachable");
  });

  it.each([
    // X509_verify_cert_error_string(3), as Node names them.
    ["CERT_NOT_YET_VALID", "relay.certificate", /clock says \d{4}-/],
    ["CERT_HAS_EXPIRED", "relay.certificate", /clock says \d{4}-/],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "relay.certificate", /--ca/],
    ["SELF_SIGNED_CERT_IN_CHAIN", "relay.certificate", /--ca/],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "relay.certificate", /--ca/],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "relay.certificate", /--ca/],
    ["CERT_REVOKED", "relay.certificate", /./],
    ["CERT_UNTRUSTED", "relay.certificate", /./],
    ["INVALID_CA", "relay.certificate", /./],
    ["INVALID_PURPOSE", "relay.certificate", /./],
    ["PATH_LENGTH_EXCEEDED", "relay.certificate", /./],
    ["HOSTNAME_MISMATCH", "relay.certificate", /./],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "relay.certificate", /./],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "relay.not-a-relay", /./],
    ["EPROTO", "relay.not-a-relay", /./],
    ["ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR", "relay.unreachable", /./],
    ["ERR_TLS_HANDSHAKE_TIMEOUT", "relay.unreachable", /./],
    ["HPE_INVALID_CONSTANT", "relay.not-a-relay", /./],
    ["HPE_HEADER_OVERFLOW", "relay.not-a-relay", /./],
  ])("passes by %s", (error, code, hint) => {
    expect(expectPassing(failing(error))).toMatchObject({ code, hint: expect.stringMatching(hint) });
  });

  it("is temporary for any text of another program", () => {
    const said = "\u001b[2J\u202eevil".repeat(1_000);
    for (const error of [
      failing("X", said),
      new Error(said),
      new Error("Invalid Sec-WebSocket-Accept header"),
    ]) {
      const { message } = expectPassing(error);
      expect(message).not.toContain("\u001b");
      expect(message.length).toBeLessThan(500);
    }
  });
});
