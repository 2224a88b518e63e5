import { describe, expect, it } from "vitest";
import { Redaction } from "../../../../../desktop/agent/service/calls/redact.ts";

const redact = (text: string) => new Redaction("secret-laptop").apply(text);

describe("a report", () => {
  it("replaces each relay's name by the same placeholder", () => {
    expect(
      redact(
        "can't reach https://relay.acme.example:8443/x: ENOTFOUND relay.acme.example, not wss://b.example",
      ),
    ).toBe("can't reach https://relay-1:8443/x: ENOTFOUND relay-1, not wss://relay-2");
    expect(redact("http://[2001:db8::1]:80 [sic]")).toBe("http://relay-1:80 [sic]");
  });

  it("contains neither this machine's name nor public addresses, but private ones", () => {
    expect(redact("secret-laptop has 10.20.0.7/24, 192.168.1.2, 203.0.113.9 and 300.1.1.1")).toBe(
      "this-host has 10.20.0.7/24, 192.168.1.2, x.x.x.x and 300.1.1.1",
    );
    expect(redact("fe80::1%lw0 ::1 fd00::7 2001:db8:0:1::5 at 12:34:56 02:00:00:00:00:01")).toBe(
      "fe80::1%lw0 ::1 fd00::7 x::x at 12:34:56 02:00:00:00:00:01",
    );
  });

  it("contains no secret of an invite, and nothing long enough to be a key", () => {
    const secret = "A".repeat(43);
    expect(redact(`https://r.example/join#v1.acme.${secret} and ${secret}`)).not.toContain(
      secret.slice(0, 32),
    );
  });
});
