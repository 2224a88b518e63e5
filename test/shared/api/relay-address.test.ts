import { describe, expect, it } from "vitest";
import { parseRelayAddress, withoutLogins } from "../../../shared/api/relay-address.ts";

describe("how a relay is named", () => {
  it.each([
    ["https://relay.example", "https://relay.example/", {}],
    ["wss://relay.example/lan/?x#y", "https://relay.example/lan", {}],
    ["https://ann:secret@relay.example/lan", "https://relay.example/lan", { login: "ann:secret" }],
    ["https://ann:a%40b%3Ac@relay.example", "https://relay.example/", { login: "ann:a@b:c" }],
    ["https://ann@relay.example", "https://relay.example/", { login: "ann:" }],
    ["http://[fe80::1%25eth0]:8787", "http://[fe80::1]:8787/", { zone: "eth0" }],
    ["http://[fe80::1%eth0.10]:8787/p", "http://[fe80::1]:8787/p", { zone: "eth0.10" }],
    ["http://ann:s@[FE80::A%25eth0]", "http://[fe80::a]/", { login: "ann:s", zone: "eth0" }],
  ])("%s", (text, url, more) => {
    const { url: base, ...rest } = parseRelayAddress(text) ?? expect.unreachable();
    expect(base.href).toBe(url);
    expect(rest).toEqual(more);
  });

  it.each([
    "relay.example",
    "ftp://relay.example",
    "https://",
    "https://a%3Ab:c@relay.example",
    "https://%zz:c@relay.example",
    "http://[fd00::1%25eth0]",
    "http://[fe80::1%25eth0/x]",
    "http://[fe80::1%25a-name-that-is-too-long]",
  ])("%s is none", (text) => {
    expect(parseRelayAddress(text)).toBeUndefined();
  });

  it("is shown without user and password, wherever it stands in a text", () => {
    expect(withoutLogins("can't use 'https://ann:se@cret@relay.example/x' or http://bob@[::1]:1")).toBe(
      "can't use 'https://…@relay.example/x' or http://…@[::1]:1",
    );
    expect(withoutLogins("see https://relay.example/@ann, or ann@relay.example")).toBe(
      "see https://relay.example/@ann, or ann@relay.example",
    );
  });
});
