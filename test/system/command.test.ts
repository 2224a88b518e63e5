import { expect, it } from "vitest";
import { usage } from "../../shared/values/fault.ts";
import { explainCommand, withoutInvites } from "../../system/command.ts";

const SECRET = "Zm9vYmFyYmF6-_3q2-7wAAECAwQFBgcICQoLDA0ODxA";

it.each([
  ["a link", `https://relay.example/join#v1.acme.${SECRET}`, "https://relay.example/join#v1.acme.…"],
  [
    "a link of the app",
    `laneway://relay.example/join#v1.acme.${SECRET}'`,
    "laneway://relay.example/join#v1.acme.…'",
  ],
  ["a fragment alone", `v1.acme.${SECRET}`, "v1.acme.…"],
  ["an escaped link", `join%23v1.acme.${SECRET}`, "join%23v1.acme.…"],
  ["a part of a secret", `join#v1.acme.${SECRET.slice(0, 20)}`, "join#v1.acme.…"],
])("takes the secret out of %s, and changes nothing else", (_what, link, clean) => {
  expect(withoutInvites(`there is no ${link} and no other`)).toBe(`there is no ${clean} and no other`);
});

it("leaves everything else as it is", () => {
  const text =
    "https://relay.example/v1/tenants: 10.20.0.1/24 is v1.2.3, v1.example.com, dev1.acme.some-long-name-of-a-host, file:///tmp/v1/x.ts:3:14";
  expect(withoutInvites(text)).toBe(text);
});

it("shows no invite in an error that ends a command", () => {
  const fault = usage("usage.relay", `'https://a/join#v1.t.${SECRET}' is none`, `Not v1.t.${SECRET}.`);
  for (const error of [fault, new Error(`https://a/join#v1.t.${SECRET}`)]) {
    expect(explainCommand(error).text).not.toContain(SECRET);
  }
  expect(explainCommand(fault)).toEqual({
    text: "laneway: 'https://a/join#v1.t.…' is none\n  Not v1.t.….\n",
    exitCode: 2,
  });
});
