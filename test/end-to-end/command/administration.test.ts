// Administration beyond admin.test.ts and invite.test.ts: rights, limits, addresses.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandsOf } from "../../support/network/commands.ts";
import { laneway, startRelay, type TestRelay, text } from "../../support/network/lab.ts";

let relay: TestRelay;

beforeAll(async () => {
  relay = await startRelay();
});
afterAll(() => relay[Symbol.asyncDispose]());
const { human, objects } = commandsOf(() => relay);

/** Runs a command that must fail; resolves to its message. */
async function failure(code: number, ...args: string[]): Promise<string> {
  const result = await relay.admin(...args);
  expect(result).toMatchObject({ code, stdout: "" });
  expect(result.stderr.trim().split("\n")).toHaveLength(2);
  return result.stderr;
}

describe("laneway admin", () => {
  it("creates an administrator of one tenant, whose token is shown once and works only there", async () => {
    await relay.create("tenant", "create", "acme");
    const args = ["--tenant", "acme", "--name", "ann", "--expires", "7d"];
    const made = await relay.create("admin", "create", ...args);
    expect(made).toMatchObject({ id: expect.stringMatching(/./), tenant: "acme", name: "ann" });
    const token = text(made, "token");
    const list = await objects("admin", "list", "--tenant", "acme");
    expect(list).toMatchObject([{ id: made["id"], tenant: "acme", name: "ann" }]);
    expect(JSON.stringify(list)).not.toContain(token);
    expect(await human("admin", "list", "--tenant", "acme")).toMatch(/^ID\s+TENANT\s+NAME\s+CREATED_AT/m);

    const env = { LANEWAY_RELAY: relay.url, LANEWAY_ADMIN_TOKEN: token };
    const own = await laneway(["network", "create", "lab", "--tenant", "acme", "--json"], { env });
    expect(own).toMatchObject({ code: 0, stderr: "", objects: [{ name: "lab", tenant: "acme" }] });
    const foreign = await laneway(["network", "list", "--json"], { env });
    expect(foreign).toMatchObject({ code: 1, stdout: "" });
    const more = await laneway(["admin", "create", "--tenant", "acme", "--json"], { env });
    expect(more).toMatchObject({ code: 1, stdout: "" });

    expect(await human("admin", "revoke", text(made, "id"), "--tenant", "acme")).toContain(text(made, "id"));
    expect(await laneway(["network", "list", "--tenant", "acme"], { env })).toMatchObject({ code: 1 });
    expect(await failure(1, "admin", "revoke", text(made, "id"), "--tenant", "acme")).toContain(
      text(made, "id"),
    );
  });
});

describe("laneway limits", () => {
  it("shows and changes a tenant's limits by name", async () => {
    await relay.create("tenant", "create", "small");
    const [shown] = await objects("limits", "show", "--tenant", "small");
    expect(shown).toMatchObject({
      tenant: "small",
      networks: expect.any(Number),
      network_macs: expect.any(Number),
    });
    const set = await objects(
      "limits",
      "set",
      "networks=1",
      "network-macs=50",
      "tokens=unlimited",
      "--tenant",
      "small",
    );
    const changed = { tenant: "small", networks: 1, network_macs: 50, tokens: null };
    expect(set).toMatchObject([changed]);
    expect(await objects("limits", "show", "--tenant", "small")).toMatchObject([changed]);
    const said = await human("limits", "show", "--tenant", "small");
    expect(said).toMatch(/^networks\s+1$/m);
    expect(said).toMatch(/^network-macs\s+50$/m);
    expect(said).toMatch(/^tokens\s+unlimited$/m);

    await relay.create("network", "create", "one", "--tenant", "small");
    expect(await failure(1, "network", "create", "two", "--tenant", "small")).toContain("networks");
    expect(await objects("limits", "show")).not.toMatchObject([{ networks: 1 }]);
  });

  it("sets limits of one network, and removes them", async () => {
    await relay.create("tenant", "create", "split");
    const split = ["--tenant", "split", "--network", "narrow"];
    expect(await failure(1, "limits", "show", ...split)).toContain("'narrow'");
    for (const name of ["narrow", "wide"]) await relay.create("network", "create", name, "--tenant", "split");
    await objects("limits", "set", "network-macs=50", "--tenant", "split");
    const own = { tenant: "split", network: "narrow", network_macs: 5, network_devices: null };
    expect(
      await objects("limits", "set", "network-macs=5", "network-devices=unlimited", ...split),
    ).toMatchObject([own]);
    expect(await objects("limits", "show", ...split)).toMatchObject([own]);
    expect(await human("limits", "show", ...split)).toMatch(/^network-macs\s+5$/m);
    const wide = await objects("limits", "show", "--tenant", "split", "--network", "wide");
    expect(wide).toMatchObject([{ network: "wide", network_macs: 50 }]);
    expect(await objects("limits", "set", "network-macs=inherit", ...split)).toMatchObject([
      { network_macs: 50 },
    ]);
    expect(await failure(2, "limits", "set", "macs=5", ...split)).toContain("macs");
    expect(await failure(2, "limits", "set", "macs=inherit", "--tenant", "split")).toContain("macs");
  });

  it.each([
    ["networks", "'networks'"],
    ["networks=", "'networks='"],
    ["networks=-1", "'networks=-1'"],
    ["networks=many", "'networks=many'"],
    ["nothing=5", "nothing"],
  ])("refuses '%s'", async (limit, says) => {
    expect(await failure(2, "limits", "set", limit)).toContain(says);
  });
});

describe("laneway address", () => {
  it("reserves and fixes addresses, lists them, and releases them", async () => {
    await relay.create("network", "create", "plain");
    await relay.create("network", "create", "numbered", "--subnet", "10.20.0.0/24");
    const { link } = await relay.create("invite", "create", "--network", "numbered");
    const args = ["join", String(link), "--name", "pc", "--state", join(relay.data, "pc"), "--json"];
    const [joined] = (await laneway(args)).objects;
    const device = text(joined ?? {}, "device");
    const of = ["--network", "numbered"];

    const reserved = await relay.create("address", "reserve", "10.20.0.9", ...of);
    expect(reserved).toMatchObject({ address: "10.20.0.9", kind: "reserved", device: null });
    const fixed = await relay.create("address", "fix", "10.20.0.77", "--device", device, ...of);
    expect(fixed).toMatchObject({ address: "10.20.0.77", kind: "fixed", device });
    expect(await objects("address", "list", ...of)).toMatchObject([
      { address: "10.20.0.9", kind: "reserved" },
      { address: "10.20.0.77", kind: "fixed", device },
    ]);
    expect(await human("address", "list", ...of)).toMatch(
      new RegExp(`^10\\.20\\.0\\.77\\s.*fixed\\s+${device}`, "m"),
    );
    expect(await failure(1, "address", "reserve", "10.20.0.77", ...of)).toContain("10.20.0.77");
    expect(await human("address", "release", "10.20.0.9", ...of)).toContain("10.20.0.9");
    expect(await objects("address", "list", ...of)).toMatchObject([{ address: "10.20.0.77" }]);
    expect(await failure(2, "address", "reserve", "10.99.0.1", ...of)).toContain("10.99.0.1");
    expect(await failure(2, "address", "reserve", "10.20.0.5", "--network", "plain")).toContain("'plain'");
  });
});

describe("laneway token create --all-networks", () => {
  it("creates a token for all networks of the tenant, and rejects --network with it", async () => {
    const made = await relay.create("token", "create", "--all-networks", "--name", "gateway");
    expect(made).toMatchObject({ network: null, networks: [], all_networks: true, tenant: "default" });
    expect(await human("token", "list")).toMatch(new RegExp(`^${text(made, "id")}\\s+\\(all\\)`, "m"));
    expect(await failure(2, "token", "create", "--all-networks", "--network", "lan")).toContain("lan");
  });

  it("sets how many MAC addresses may be behind a token's sessions, and an invite's devices", async () => {
    expect(await relay.create("token", "create", "--macs", "500")).toMatchObject({ macs: 500 });
    expect(await relay.create("invite", "create", "--macs", "300")).toMatchObject({ macs: 300 });
    for (const what of ["token", "invite"]) {
      expect(await relay.create(what, "create")).toMatchObject({ macs: null });
      for (const macs of ["0", "many", "1.5"])
        expect(await failure(2, what, "create", "--macs", macs)).toContain(`'${macs}'`);
    }
    expect(await objects("token", "list")).toContainEqual(expect.objectContaining({ macs: 500 }));
  });
});

describe("laneway invite create --qr", () => {
  it("draws the link as a QR code, for people only", async () => {
    const said = await human("invite", "create", "--qr");
    expect(said).toMatch(/#v1\.default\.[\w-]{43}$/m);
    const rows = said.split("\n").filter((line) => /[█▀▄]{5}/.test(line));
    expect(rows.length).toBeGreaterThan(15);
    const { stdout, objects } = await relay.admin("invite", "create", "--qr");
    expect(objects).toHaveLength(1);
    expect(stdout).not.toMatch(/[█▀▄]/);
  });
});

describe("laneway join", () => {
  const link = async () => text(await relay.create("invite", "create"), "link");
  let states = 0;
  const state = () => ["--state", join(relay.data, `joined-${++states}`), "--json"];

  it("reads the link from standard input or the environment, which other users can't see", async () => {
    const piped = await laneway(["join", "-", ...state()], { input: `\n  ${await link()}\n` });
    expect(piped).toMatchObject({ code: 0, stderr: "", objects: [{ tenant: "default" }] });
    const env = { LANEWAY_INVITE: await link() };
    expect(await laneway(["join", ...state()], { env })).toMatchObject({ code: 0, stderr: "" });
    // The command line takes precedence.
    const typed = await laneway(["join", await link(), ...state()], { env: { LANEWAY_INVITE: "nonsense" } });
    expect(typed).toMatchObject({ code: 0, stderr: "" });
  });

  it.each([
    ["nothing", [], undefined],
    ["nothing on standard input", ["-"], ""],
    ["something else there", ["-"], "nonsense\n"],
    ["a lot of it", ["-"], "v1.".repeat(5_000)],
  ])("prints how to give a link if there is %s", async (_what, args, input) => {
    const given = input === undefined ? {} : { input };
    const { code, stdout, stderr } = await laneway(["join", ...args, ...state()], given);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr.trim().split("\n")).toHaveLength(2);
    expect(stderr).toMatch(/link|invite/);
  });
});
