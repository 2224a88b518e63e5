import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeviceStore } from "../../../../desktop/agent/identity/device-store.ts";
import { chooseAccess } from "../../../../desktop/cli/up/choose-access.ts";

let directory: string;
let none: DeviceStore;
let one: DeviceStore;
let many: DeviceStore;

function enrolled(
  name: string,
  ...devices: [relay: string, tenant: string, ...networks: string[]][]
): DeviceStore {
  const store = new DeviceStore(join(directory, name));
  for (const [relay, tenant, ...names] of devices) {
    const networks = names.map((network, i) => ({ name: network, vni: 101 + i }));
    const enrolment = { device: `${tenant}-device`, name: "pc", networks };
    store.save({ ...store.take(new URL(relay), tenant), enrolment });
  }
  return store;
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "laneway-access-"));
  none = enrolled("none");
  one = enrolled("one", ["https://a.example", "acme", "lan"]);
  many = enrolled(
    "many",
    ["https://a.example", "acme", "lan", "lab"],
    ["https://a.example", "guests", "lan"],
    ["https://b.example/below", "acme", "lan", "bench"],
  );
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function chosen(...args: Parameters<typeof chooseAccess>): string[] {
  return chooseAccess(...args)
    .map(({ relay, tenant, networks }) => `${relay.href} ${tenant} [${networks}]`)
    .sort();
}

describe("access by a token", () => {
  const relay = "http://127.0.0.1:8787";

  it("is to the named relay, regardless of this machine's devices", () => {
    const [access, ...others] = chooseAccess(["lan", "lab", "lan"], { relay, token: "x" }, many);
    expect(others).toEqual([]);
    expect(access).toMatchObject({
      networks: ["lan", "lab"],
      tenant: undefined,
      credentials: { kind: "token" },
    });
    expect(access?.relay.href).toBe("http://127.0.0.1:8787/");
  });

  it("needs a relay, and no tenant", () => {
    expect(() => chooseAccess([], { token: "x" }, many)).toThrow("no relay is named");
    expect(() => chooseAccess([], { relay, token: "x", tenant: "acme" }, many)).toThrow(/'acme'/);
  });
});

describe("access by enrolled devices", () => {
  it("uses all of them if no network is named", () => {
    expect(chosen([], {}, many)).toEqual([
      "https://a.example/ acme []",
      "https://a.example/ guests []",
      "https://b.example/below acme []",
    ]);
    expect(chosen([], { relay: "https://a.example", tenant: "guests" }, many)).toEqual([
      "https://a.example/ guests []",
    ]);
  });

  it("uses those of the named networks, one tunnel for each", () => {
    expect(chosen(["bench", "lab"], {}, many)).toEqual([
      "https://a.example/ acme [lab]",
      "https://b.example/below acme [bench]",
    ]);
    expect(chosen(["lan", "lab"], { relay: "https://a.example/", tenant: "acme" }, many)).toEqual([
      "https://a.example/ acme [lan,lab]",
    ]);
    expect(chosen(["lan"], { relay: "https://b.example/below/" }, many)).toEqual([
      "https://b.example/below acme [lan]",
    ]);
  });

  it("leaves the choice to the relay with a single device: it may allow more networks now", () => {
    expect(chosen(["newer"], {}, one)).toEqual(["https://a.example/ acme [newer]"]);
  });

  it.each([
    [
      "one network name could be several networks",
      ["lan"],
      {},
      /'lan' at https:\/\/a\.example, tenant acme and at/,
      /--relay.*--tenant/,
    ],
    [
      "that is so at one relay",
      ["lan"],
      { relay: "https://a.example" },
      /tenant acme and at .*tenant guests/,
      /--tenant/,
    ],
    ["no device is on a network", ["nope"], {}, /'nope'/, /lan, lab \(https:\/\/a\.example, tenant acme\); /],
    [
      "no device is at a relay",
      ["lan"],
      { relay: "https://c.example" },
      /'https:\/\/c\.example\/'/,
      /laneway join/,
    ],
    [
      "no device is of a tenant",
      [],
      { tenant: "nope" },
      /'nope' \(it is at https:\/\/a\.example, tenant acme and/,
      /--state/,
    ],
  ])("prints the next step if %s", (_what, networks, options, message, hint) => {
    expect(() => chooseAccess(networks, options, many)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(message), hint: expect.stringMatching(hint) }),
    );
  });

  it("prints how to enrol without any device", () => {
    expect(() => chooseAccess([], {}, none)).toThrow(
      expect.objectContaining({
        code: "usage.not-enrolled",
        exitCode: 2,
        hint: expect.stringContaining("join LINK"),
      }),
    );
  });
});
