// Invalid usage is refused with exit code 2, before anything is done.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { laneway } from "../../support/network/lab.ts";
import { expectError, Given, type Mistake, NOBODY } from "./mistake.ts";

let given: Given;

beforeAll(async () => {
  given = await Given.start();
});
afterAll(() => given[Symbol.asyncDispose]());

const usage: (Mistake & { what: string })[] = [
  { what: "an unknown command", args: ["bogus"], says: "bogus", code: 2 },
  { what: "an unknown subcommand", args: ["network", "bogus"], says: "bogus", code: 2 },
  { what: "an unknown option", args: ["up", "lan", "--bogus"], says: "--bogus", code: 2 },
  { what: "an unknown option of a subcommand", args: ["token", "list", "--bogus"], says: "--bogus", code: 2 },
  { what: "a missing argument", args: ["network", "create"], says: "name", code: 2 },
  {
    what: "a setting that there is not",
    args: (given) => given.admin("network", "set", "lan", "colour=blue"),
    says: "'colour=blue'",
    advises: "dhcp-guard",
    code: 2,
  },
  {
    what: "a setting without a value",
    args: (given) => given.admin("network", "set", "lan", "snooping"),
    says: "'snooping'",
    advises: "NAME=VALUE",
    code: 2,
  },
  {
    what: "a setting with a value that it can't have",
    args: (given) => given.admin("network", "set", "lan", "ageing=soon"),
    says: '"soon"',
    code: 2,
  },
  {
    what: "a role that there is not",
    args: (given) => given.admin("token", "create", "--role", "king"),
    says: "king",
    code: 2,
  },
  {
    what: "a trace from nowhere",
    args: (given) => given.admin("trace", "--to", "broadcast"),
    says: "--from",
    code: 2,
  },
  {
    what: "a proxy that speaks no HTTP, whose password is not told",
    args: ["up", "lan", "--relay", NOBODY, "--token", "x", "--proxy", "socks5://ann:secret@proxy.example"],
    says: "'…@proxy.example'",
    advises: "http://proxy.example:3128",
    code: 2,
  },
  {
    what: "authorities that are not there",
    args: ["join", "--ca", "/nonexistent/ca.pem"],
    says: "/nonexistent/ca.pem",
    advises: "PEM",
    code: 2,
  },
  {
    what: "a file without authorities",
    args: (given) => given.admin("token", "list", "--ca", import.meta.filename),
    says: "usage.test.ts",
    advises: "PEM",
    code: 2,
  },
  {
    what: "a relay's URL with a password, which is not told",
    args: ["up", "lan", "--relay", "ftp://ann:secret@relay.example", "--token", "x"],
    says: "'ftp://…@relay.example'",
    code: 2,
  },
  { what: "an argument too many", args: ["network", "create", "one", "two"], says: "two", code: 2 },
  { what: "an option without its value", args: ["up", "lan", "--relay"], says: "--relay", code: 2 },
  {
    what: "up without a relay",
    args: ["up", "lan", "--token", "x"],
    says: "relay",
    advises: "--relay",
    code: 2,
  },
  {
    what: "up without a token",
    args: ["up", "lan", "--relay", NOBODY],
    says: "token",
    advises: "--token",
    code: 2,
  },
  {
    what: "a relay that is no URL",
    args: ["up", "lan", "--relay", "relay.example", "--token", "x"],
    says: "relay.example",
    code: 2,
  },
  {
    what: "a relay of another scheme",
    args: ["network", "list", "--relay", "ftp://relay.example"],
    says: "ftp://relay.example",
    code: 2,
    env: { LANEWAY_ADMIN_TOKEN: "x" },
  },
  {
    what: "up with an address that is no CIDR",
    args: (given) => given.up("--address", "10.20.0.7"),
    says: "'10.20.0.7'",
    code: 2,
  },
  {
    what: "up with a prefix too long",
    args: (given) => given.up("--address", "10.20.0.7/33"),
    says: "10.20.0.7/33",
    code: 2,
  },
  {
    what: "up with an address of two lines",
    args: (given) => given.up("--address", "10.20.0.7\n/24"),
    says: "10.20.0.7",
    code: 2,
  },
  {
    what: "up with a MAC that is none",
    args: (given) => given.up("--mac", "02:00"),
    says: "02:00",
    code: 2,
  },
  {
    what: "up with the MAC of a group",
    args: (given) => given.up("--mac", "01:00:5e:00:00:01"),
    says: "01:00:5e:00:00:01",
    code: 2,
  },
  {
    what: "one address for two networks",
    args: (given) => ["up", "office", ...given.up("--address", "10.20.0.7/24").slice(1)],
    says: "--address",
    code: 2,
  },
  {
    what: "a trunk with a VLAN id that there is not",
    args: (given) => ["up", ...given.up("--trunk", "10=lab,4095=lan").slice(2)],
    says: "'4095'",
    advises: "10=lab",
    code: 2,
  },
  {
    what: "a trunk with one network in two VLANs",
    args: (given) => ["up", ...given.up("--trunk", "10=lan", "--trunk", "20=lan").slice(2)],
    says: "'lan'",
    code: 2,
  },
  {
    what: "a network beside a trunk",
    args: (given) => given.up("--trunk", "10=office"),
    says: "'lan'",
    advises: "trunk",
    code: 2,
  },
  {
    what: "an address for a trunk without an untagged network",
    args: (given) => ["up", ...given.up("--trunk", "10=lan", "--address", "10.20.0.7/24").slice(2)],
    says: "10.20.0.7/24",
    advises: "untagged=",
    code: 2,
  },
  {
    what: "a network with a subnet that is no CIDR",
    args: (given) => given.admin("network", "create", "office", "--subnet", "10.20.0/24"),
    says: "10.20.0/24",
    code: 2,
  },
  {
    what: "a network of a mode that there is not",
    args: (given) => given.admin("network", "create", "office", "--mode", "hub"),
    says: "hub",
    code: 2,
  },
  {
    what: "a network with a VNI that is no number",
    args: (given) => given.admin("network", "create", "office", "--vni", "many"),
    says: "many",
    code: 2,
  },
  {
    what: "a network with a VNI beyond 24 bits",
    args: (given) => given.admin("network", "create", "office", "--vni", "16777216"),
    says: "16777216",
    code: 2,
  },
  {
    what: "a network with an MTU that no interface can have",
    args: (given) => given.admin("network", "create", "office", "--mtu", "67"),
    says: "67",
    code: 2,
  },
  {
    what: "a network with a name that can be none",
    args: (given) => given.admin("network", "create", "Front_Office"),
    says: "Front_Office",
    code: 2,
  },
  {
    what: "a token with a lifetime that is no duration",
    args: (given) => given.admin("token", "create", "--expires", "5y"),
    says: "5y",
    code: 2,
  },
  {
    what: "administration without a relay",
    args: ["network", "list"],
    says: "relay",
    advises: "--relay",
    code: 2,
  },
  {
    what: "administration without a token",
    args: ["network", "list", "--relay", NOBODY],
    says: "token",
    advises: "--admin-token-file",
    code: 2,
  },
  {
    what: "a relay told to listen on no address",
    args: ["relay", "--listen", "8787"],
    says: "8787",
    code: 2,
  },
  {
    what: "a relay told to listen on a port that can be none",
    args: ["relay", "--listen", "127.0.0.1:65536"],
    says: "127.0.0.1:65536",
    code: 2,
  },
  {
    what: "a relay told so by the environment",
    args: ["relay"],
    says: "nowhere",
    code: 2,
    env: { LANEWAY_LISTEN: "nowhere" },
  },
  {
    what: "a relay with a public URL that is none",
    args: (given) => given.another("--public-url", "relay.example"),
    says: "relay.example",
    code: 2,
  },
  {
    what: "a relay with a certificate and no key",
    args: (given) => given.another("--tls-cert", "cert.pem"),
    says: "--tls-key",
    code: 2,
  },
];

describe("the laneway command's answer to wrong usage", () => {
  it.concurrent.each(usage)("is two lines and exit code 2: $what", async (mistake) => {
    await expectError(given, mistake);
  });
});

describe("help and version", () => {
  it.concurrent.each([
    [["--help"], "network"],
    [["network", "create", "--help"], "--subnet"],
    [["--version"], "."],
  ])("are no errors: %j", async (args, says) => {
    const result = await laneway(args);
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(result.stdout).toContain(says);
  });
});
