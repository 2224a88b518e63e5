import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { domainsOverlap, judgeDomain } from "../../../../desktop/agent/trust/domain.ts";

const RELAY = "relay.example.com";

describe("the domain of a network", () => {
  it.each(["office.lan.internal", "a.b.c.internal", "office.net.corp", "a.b.home"])("may be %s", (domain) =>
    expect(judgeDomain(domain, RELAY)).toBeUndefined(),
  );

  it("may be below the relay's own public domain, two labels below the registered one", () => {
    expect(judgeDomain("office.lan.example.com", RELAY)).toBeUndefined();
    expect(judgeDomain("office.lan.example.co.uk", "relay.example.co.uk")).toBeUndefined();
    expect(judgeDomain("office.example.com", RELAY)).toMatch(/fewer than 2 labels/);
    expect(judgeDomain("example.com", RELAY)).toMatch(/fewer than 2 labels/);
    expect(judgeDomain("a.b.google.com", RELAY)).toMatch(/not the relay's own/);
    expect(judgeDomain("login.eu.okta.com", RELAY)).toMatch(/not the relay's own/);
    expect(judgeDomain("a.b.mine.github.io", "relay.mine.github.io")).toBeUndefined();
    expect(judgeDomain("a.b.yours.github.io", "relay.mine.github.io")).toMatch(/not the relay's own/);
    expect(judgeDomain("office.lan.example.com", "203.0.113.1")).toMatch(/not the relay's own/);
  });

  it.each([
    "~.",
    ".",
    "",
    "~lan.internal",
    "internal",
    "lan.internal",
    "lan",
    "corp.lan",
    "com",
    "co.uk",
    "github.io",
    "google.com",
    "office.lan.local",
    "a.b.localhost",
    "0.20.10.in-addr.arpa",
    "a.b.home.arpa",
    "10.20.0.1",
    "a.b.1",
    "a..internal",
    "a.b.internal.",
    "A.B.internal",
    "-a.b.internal",
    "a b.c.internal",
    "a\n.b.internal",
    "a.b.internal ~.",
    `${"a.".repeat(100)}internal`,
    `${"x".repeat(64)}.lan.internal`,
  ])("may not be %j", (domain) => expect(judgeDomain(domain, RELAY)).toEqual(expect.any(String)));

  it("has at least three labels of letters, digits and hyphens, for any input", () => {
    const label = fc.constantFrom(
      "a",
      "lan",
      "internal",
      "com",
      "uk",
      "co",
      "~",
      "",
      "local",
      "x y",
      "EXAMPLE",
      "example",
    );
    const made = fc.array(label, { maxLength: 6 }).map((labels) => labels.join("."));
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "binary" }), made),
        fc.oneof(fc.string(), fc.constant(RELAY)),
        (domain, host) => {
          if (judgeDomain(domain, host) !== undefined) return;
          expect(domain).toMatch(/^([a-z0-9-]+\.){2,}[a-z0-9-]+$/);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("overlaps with domains above and below it", () => {
    expect(domainsOverlap("office.lan.internal", "office.lan.internal")).toBe(true);
    expect(domainsOverlap("office.lan.internal", "internal")).toBe(true);
    expect(domainsOverlap("a.internal", "b.a.internal")).toBe(true);
    expect(domainsOverlap("office.lan.internal", "fice.lan.internal")).toBe(false);
  });
});
