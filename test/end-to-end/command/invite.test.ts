// Administration of invites, devices and the audit log. (admin.test.ts has the rest.)
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

/** Enrols a device; resolves to its ID. */
async function enrol(name: string, ...invite: string[]): Promise<string> {
  return await enrolBy(text(await relay.create("invite", "create", ...invite), "link"), name);
}

async function enrolBy(link: string, name: string): Promise<string> {
  const args = ["join", link, "--name", name, "--state", join(relay.data, `of ${name}`), "--json"];
  const { code, stderr, objects } = await laneway(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return text(objects[0] ?? {}, "device");
}

describe("laneway invite", () => {
  it("shows a link once, when it is created", async () => {
    const created = await relay.create("invite", "create", "--uses", "3", "--expires", "7d");
    expect(created).toMatchObject({ network: "lan", tenant: "default", uses: 3, used: 0 });
    const id = text(created, "id");
    const link = text(created, "link");
    // 32 bytes in base64url, in the fragment.
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/join#v1\.default\.[\w-]{43}$/);
    expect(link.startsWith(`${relay.url}/join#`)).toBe(true);
    const [list, table] = await Promise.all([objects("invite", "list"), human("invite", "list")]);
    expect(list).toContainEqual(expect.objectContaining({ id, network: "lan", tenant: "default" }));
    for (const invite of list) expect(invite).not.toHaveProperty("link");
    expect(table).toMatch(/^ID\s+NETWORK\s+TENANT\s+USED\s+USES\s+EXPIRES_AT$/m);
    expect(table).toMatch(new RegExp(`^${id}\\s+lan\\s+default\\s+0\\s+3\\s+\\d{4}-`, "m"));
    expect(JSON.stringify(list) + table).not.toContain(link.slice(-43));
  });

  it("tells people what the link is for", async () => {
    const said = await human("invite", "create");
    expect(said).toMatch(/^link\s+http:\S+\/join#v1\.default\.[\w-]{43}$/m);
    expect(said).toMatch(/laneway join/);
    // The relay was asked at a loopback address: the link's receiver would only learn that it does not work.
    expect(said).toMatch(/on this machine alone.*--relay.*--public-url/);
  });

  it("is for the network and tenant named, and gone when it is revoked", async () => {
    await relay.create("tenant", "create", "keys");
    await relay.create("network", "create", "vault", "--tenant", "keys");
    const created = await relay.create("invite", "create", "--network", "vault", "--tenant", "keys");
    expect(created).toMatchObject({ network: "vault", tenant: "keys" });
    const id = text(created, "id");
    expect((await relay.admin("invite", "revoke", id)).code).toBe(1);
    expect(await objects("invite", "list", "--tenant", "keys")).toMatchObject([{ id }]);
    expect(await human("invite", "revoke", id, "--tenant", "keys")).toContain(id);
    expect(await objects("invite", "list", "--tenant", "keys")).toEqual([]);
  });

  it.each([
    [["--uses", "0"], "'0'", 2],
    [["--uses", "many"], "'many'", 2],
    [["--expires", "5y"], "'5y'", 2],
    [["--network", "nope"], "'nope'", 1],
    [["--tenant", "nope"], "'nope'", 1],
  ])("is refused with %j", async (args, says, code) => {
    const result = await relay.admin("invite", "create", ...args);
    expect(result).toMatchObject({ code, stdout: "" });
    expect(result.stderr).toContain(says);
  });
});

describe("laneway device", () => {
  it("lists enrolled devices with their networks, until they are revoked", async () => {
    await relay.create("tenant", "create", "fleet");
    await relay.create("network", "create", "depot", "--tenant", "fleet");
    expect(await objects("device", "list", "--tenant", "fleet")).toEqual([]);
    const id = await enrol("lorry 7", "--network", "depot", "--tenant", "fleet");
    const list = await objects("device", "list", "--tenant", "fleet");
    expect(list).toMatchObject([
      { id, name: "lorry 7", tenant: "fleet", networks: ["depot"], online: false },
    ]);
    expect(list[0]).toHaveProperty("last_seen");
    const table = await human("device", "list", "--tenant", "fleet");
    expect(table).toMatch(/^ID\s+NAME\s+TENANT\s+NETWORKS\s+ONLINE\s+LAST_SEEN$/m);
    expect(table).toMatch(new RegExp(`^${id}\\s+lorry 7\\s+fleet\\s+depot\\s+no\\s`, "m"));
    expect(await objects("device", "list")).not.toContainEqual(expect.objectContaining({ id }));

    expect((await relay.admin("device", "revoke", id)).code).toBe(1);
    expect(await human("device", "revoke", id, "--tenant", "fleet")).toContain(id);
    expect(await objects("device", "list", "--tenant", "fleet")).toEqual([]);
  });
});

describe("laneway invite revoke", () => {
  it.each([
    [[], false],
    [["--devices"], false],
    [["--keep-devices"], true],
  ])("%j removes only the devices enrolled by it: kept: %j", async (options, kept) => {
    const created = await relay.create("invite", "create", "--uses", "2");
    const [id, link] = [text(created, "id"), text(created, "link")];
    const other = await enrol(`stays${options}`);
    const known = async () => (await objects("device", "list")).map((device) => Reflect.get(device, "id"));
    const ids = [await enrolBy(link, `first${options}`), await enrolBy(link, `second${options}`)];
    expect(await known()).toEqual(expect.arrayContaining([...ids, other]));
    expect(await human("invite", "revoke", id, ...options)).toContain(kept ? "stay" : "so are the devices");
    expect(await known()).toContain(other);
    for (const device of ids) expect((await known()).includes(device)).toBe(kept);
    expect(await objects("invite", "list")).not.toContainEqual(expect.objectContaining({ id }));
  });

  it("refuses to keep and to remove the devices at once", async () => {
    const result = await relay.admin("invite", "revoke", "any", "--devices", "--keep-devices");
    expect(result).toMatchObject({ code: 2, stdout: "" });
  });
});

describe("laneway audit", () => {
  it("shows the actor, the action, the time and the address, and no secret", async () => {
    await relay.create("tenant", "create", "watched");
    await relay.create("network", "create", "lan", "--tenant", "watched");
    const created = await relay.create("invite", "create", "--tenant", "watched");
    const rows = await objects("audit", "--tenant", "watched", "--since", "24h");
    expect(rows.length).toBeGreaterThanOrEqual(2);
    for (const row of rows) {
      expect(row).toMatchObject({
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        actor: expect.stringMatching(/./),
        action: expect.stringMatching(/./),
        object: expect.stringMatching(/./),
      });
      expect(row).toHaveProperty("from");
    }
    expect(rows).toContainEqual(
      expect.objectContaining({ object: expect.stringContaining(text(created, "id")) }),
    );
    expect(JSON.stringify(rows)).not.toContain(text(created, "link").slice(-43));
    expect(await objects("audit", "--tenant", "watched")).toEqual(rows);
    const table = await human("audit", "--tenant", "watched");
    expect(table).toMatch(/^AT\s+ACTOR\s+ACTION\s+OBJECT\s+FROM$/m);
    expect(table.trimEnd().split("\n")).toHaveLength(rows.length + 1);
  });

  it("goes back only as far as requested", async () => {
    await relay.create("tenant", "create", "aged");
    await relay.create("network", "create", "early", "--tenant", "aged");
    const early = expect.objectContaining({ object: expect.stringContaining("early") });
    expect(await objects("audit", "--tenant", "aged")).toContainEqual(early);
    const since = () => objects("audit", "--tenant", "aged", "--since", "1s");
    await expect.poll(since, { timeout: 30_000 }).not.toContainEqual(early);
    expect(await objects("audit", "--tenant", "aged", "--since", "1h")).toContainEqual(early);
  });

  it("refuses an invalid duration", async () => {
    const result = await relay.admin("audit", "--since", "yesterday");
    expect(result).toMatchObject({ code: 2, stdout: "" });
    expect(result.stderr).toContain("'yesterday'");
  });
});
