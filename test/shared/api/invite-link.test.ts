import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatAppLink,
  formatInviteLink,
  isLoopback,
  parseInviteLink,
} from "../../../shared/api/invite-link.ts";

const SECRET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP-";
const FRAGMENT = `#v1.acme.${SECRET}`;

describe("an invite's link", () => {
  it.each([
    [`https://relay.example/join${FRAGMENT}`, "https://relay.example"],
    [`https://relay.example:8443/join${FRAGMENT}`, "https://relay.example:8443"],
    [`https://relay.example:443/join${FRAGMENT}`, "https://relay.example"],
    [`http://127.0.0.1:8787/join${FRAGMENT}`, "http://127.0.0.1:8787"],
    [`http://[::1]:8787/join${FRAGMENT}`, "http://[::1]:8787"],
    [`https://site.example/lan/a/join${FRAGMENT}`, "https://site.example/lan/a"],
    [`laneway://relay.example/join${FRAGMENT}`, "https://relay.example"],
    [`laneway://relay.example:8443/lan/join${FRAGMENT}`, "https://relay.example:8443/lan"],
    [`  https://relay.example/join${FRAGMENT}\n`, "https://relay.example"],
  ])("%j is for the relay %s", (link, relay) => {
    expect(parseInviteLink(link)).toEqual({ relay, tenant: "acme", secret: SECRET });
  });

  it("may have a user and a password for what is in front of the relay, and the zone of its address", () => {
    expect(parseInviteLink(`https://ann:s%40cret@relay.example/lan/join${FRAGMENT}`)).toEqual({
      relay: "https://relay.example/lan",
      tenant: "acme",
      secret: SECRET,
      login: "ann:s@cret",
    });
    expect(parseInviteLink(`http://[fe80::1%25eth0]:8787/join${FRAGMENT}`)).toEqual({
      relay: "http://[fe80::1]:8787",
      tenant: "acme",
      secret: SECRET,
      zone: "eth0",
    });
  });

  it.each([
    "",
    "https://relay.example/join",
    `https://relay.example/${FRAGMENT}`,
    `https://relay.example/join${FRAGMENT}x`,
    `https://relay.example/join${FRAGMENT.slice(0, -1)}`,
    `https://relay.example/join#v2.acme.${SECRET}`,
    `https://relay.example/join#v1.ac.me.${SECRET}`,
    `https://relay.example/join#v1..${SECRET}`,
    `https://relay.example/join?x=1${FRAGMENT}`,
    `https://user@relay.example/join${FRAGMENT}`,
    `https://relay.example:99999/join${FRAGMENT}`,
    `ftp://relay.example/join${FRAGMENT}`,
    `relay.example/join${FRAGMENT}`,
    `https:///join${FRAGMENT}`,
  ])("%j is none", (text) => {
    expect(parseInviteLink(text)).toBeUndefined();
  });

  it("is read as it was written, for the web and for the app", () => {
    const relay = fc.constantFrom("https://relay.example", "https://r.example:8443/lan", "https://[fd00::1]");
    const tenant = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/);
    const secret = fc.stringMatching(/^[A-Za-z0-9_-]{43}$/);
    fc.assert(
      fc.property(fc.record({ relay, tenant, secret }), (link) => {
        expect(parseInviteLink(formatInviteLink(link))).toEqual(link);
        expect(parseInviteLink(formatAppLink(link) ?? "")).toEqual(link);
      }),
    );
  });

  it("has no form for the app where the relay is not reached by HTTPS", () => {
    expect(formatAppLink({ relay: "http://relay.example", tenant: "acme", secret: SECRET })).toBeUndefined();
  });

  it("of a relay's URL with a slash at its end has one slash", () => {
    const link = formatInviteLink({ relay: "https://relay.example/", tenant: "acme", secret: SECRET });
    expect(link).toBe(`https://relay.example/join${FRAGMENT}`);
  });
});

describe("a relay", () => {
  it.each(["http://127.0.0.1:8787", "http://127.1.2.3", "http://[::1]:8787/lan", "https://localhost"])(
    "at %s is found from its own machine alone",
    (url) => {
      expect(isLoopback(new URL(url))).toBe(true);
    },
  );

  it.each([
    "http://10.0.0.1:8787",
    "https://127.0.0.1.example",
    "https://localhost.example",
    "http://[fd00::1]",
  ])("at %s is found by others", (url) => {
    expect(isLoopback(new URL(url))).toBe(false);
  });
});
