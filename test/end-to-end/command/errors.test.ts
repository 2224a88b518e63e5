// Valid commands that fail: exit code 1.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectError, Given, type Mistake, NOBODY } from "./mistake.ts";

let given: Given;

beforeAll(async () => {
  given = await Given.start();
});
afterAll(() => given[Symbol.asyncDispose]());

const failures: (Mistake & { what: string })[] = [
  {
    what: "a token that the relay does not know",
    args: (given) => ["up", "lan", "--relay", given.relay.url, "--token", "not-the-token"],
    says: ({ relay }) => relay.url,
    advises: "token",
    code: 1,
  },
  {
    what: "a network that the token does not open",
    args: (given) => ["up", "office", ...given.up().slice(2)],
    says: "office",
    advises: "lan",
    code: 1,
  },
  {
    what: "a trunk with a network that the token does not open",
    args: (given) => ["up", ...given.up("--trunk", "10=lan,20=office").slice(2)],
    says: "office",
    advises: "lan",
    code: 1,
  },
  {
    what: "a state directory that can't be one",
    args: (given) => [...given.up(), "--state", "/dev/null/state"],
    says: "/dev/null/state",
    advises: "--state",
    code: 1,
  },
  {
    what: "a network unknown to show",
    args: (given) => given.admin("network", "show", "nope"),
    says: "nope",
    code: 1,
  },
  {
    what: "a network unknown to delete",
    args: (given) => given.admin("network", "delete", "nope"),
    says: "nope",
    code: 1,
  },
  {
    what: "a network unknown to fdb",
    args: (given) => given.admin("fdb", "--network", "nope"),
    says: "nope",
    code: 1,
  },
  {
    what: "a token for an unknown network",
    args: (given) => given.admin("token", "create", "--network", "nope"),
    says: "nope",
    code: 1,
  },
  {
    what: "an unknown tenant",
    args: (given) => given.admin("network", "list", "--tenant", "nope"),
    says: "nope",
    code: 1,
  },
  {
    what: "an unknown tenant to delete",
    args: (given) => given.admin("tenant", "delete", "nope"),
    says: "nope",
    code: 1,
  },
  {
    what: "an unknown token to revoke",
    args: (given) => given.admin("token", "revoke", "nope"),
    says: "nope",
    code: 1,
  },
  {
    what: "a tenant that there is",
    args: (given) => given.admin("tenant", "create", "default"),
    says: "default",
    code: 1,
  },
  {
    what: "a network that there is",
    args: (given) => given.admin("network", "create", "lan"),
    says: "lan",
    code: 1,
  },
  {
    what: "a VNI that another network has",
    args: (given) => given.admin("network", "create", "office", "--vni", "101"),
    says: "101",
    advises: "--vni",
    code: 1,
  },
  {
    what: "an administrator's token that can't be read",
    args: ["network", "list", "--relay", NOBODY, "--admin-token-file", "/nonexistent/admin.token"],
    says: "/nonexistent/admin.token",
    code: 1,
  },
  {
    what: "an administrator's token that is wrong",
    args: ({ relay }) => ["network", "list", "--relay", relay.url],
    says: "administrator's token",
    advises: "--admin-token-file",
    code: 1,
    env: { LANEWAY_ADMIN_TOKEN: "not-the-token" },
  },
  {
    what: "administration of a relay that does not run",
    args: ["network", "list", "--relay", NOBODY],
    says: NOBODY,
    code: 1,
    env: { LANEWAY_ADMIN_TOKEN: "x" },
  },
  {
    what: "a port that is taken",
    args: (given) => [...given.another(), "--listen", new URL(given.relay.url).host],
    says: ({ relay }) => new URL(relay.url).host,
    advises: "--listen",
    code: 1,
  },
  {
    what: "an address that this machine has not",
    args: (given) => [...given.another(), "--listen", "192.0.2.1:0"],
    says: "192.0.2.1:0",
    advises: "--listen",
    code: 1,
  },
  {
    what: "a data directory below something that is none",
    args: ["relay", "--listen", "127.0.0.1:0", "--data", "/dev/null/data"],
    says: "/dev/null/data",
    advises: "--data",
    code: 1,
  },
  {
    what: "a data directory where the kernel makes none",
    args: ["relay", "--listen", "127.0.0.1:0", "--data", "/proc/laneway/data"],
    says: "/proc/laneway/data",
    advises: "--data",
    code: 1,
  },
  {
    what: "a data directory that is a file",
    args: async ({ directory }) => {
      await writeFile(join(directory, "file"), "");
      return ["relay", "--listen", "127.0.0.1:0", "--data", join(directory, "file")];
    },
    says: ({ directory }) => join(directory, "file"),
    advises: "--data",
    code: 1,
  },
  {
    what: "a database that is none",
    args: async ({ directory }) => {
      const data = join(directory, "spoilt");
      await mkdir(data);
      await writeFile(join(data, "laneway.db"), "this was a database once".repeat(1000));
      return ["relay", "--listen", "127.0.0.1:0", "--data", data];
    },
    says: ({ directory }) => join(directory, "spoilt"),
    code: 1,
  },
  {
    what: "a config file that there is not",
    args: (given) => given.another("--config", "/nonexistent/relay.json"),
    says: "/nonexistent/relay.json",
    code: 1,
  },
  {
    what: "a config file that is no JSON",
    args: async (given) => given.another("--config", await file(given, "words.json", "listen: here\n")),
    says: "words.json",
    code: 1,
  },
  {
    what: "a config file with a key that there is not",
    args: async (given) =>
      given.another("--config", await file(given, "unknown.json", '{"liste":"127.0.0.1:0"}')),
    says: "liste",
    code: 2,
  },
  {
    what: "certificate and key that are none",
    args: async (given) => {
      const pem = await file(given, "not.pem", "not PEM\n");
      return given.another("--tls-cert", pem, "--tls-key", pem);
    },
    says: "not.pem",
    code: 1,
  },
];

async function file({ directory }: Given, name: string, content: string): Promise<string> {
  await writeFile(join(directory, name), content);
  return join(directory, name);
}

describe("the laneway command's answer to failure", () => {
  it.concurrent.each(failures)("is two lines and exit code 1: $what", async (mistake) => {
    const said = await expectError(given, mistake);
    expect(said).not.toContain("not-the-token");
    expect(said).not.toContain(given.token);
  });
});
