// Joining by an invite without an interface: test/end-to-end/network/join.test.ts continues from there.
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { laneway, startRelay, type TestRelay, text } from "../../support/network/lab.ts";
import { makeCertificate } from "../../support/relay/certificate.ts";
import { requires } from "../../support/requirements.ts";
import { expectError, Given } from "./mistake.ts";

let given: Given;

beforeAll(async () => {
  given = await Given.start();
});
afterAll(() => given[Symbol.asyncDispose]());

async function invite(...args: string[]): Promise<{ id: string; link: string; secret: string }> {
  const created = await given.relay.create("invite", "create", ...args);
  return { id: text(created, "id"), ...parts(text(created, "link")) };
}

function parts(link: string): { link: string; secret: string } {
  const secret = /#v1\.[a-z0-9-]+\.([\w-]{43})$/.exec(link)?.[1];
  if (secret === undefined) throw new Error(`'${link}' is no invite`);
  return { link, secret };
}

async function devices(): Promise<unknown[]> {
  return (await given.relay.admin("device", "list")).objects.map((device) => device["id"]);
}

let states = 0;
function newState(): string {
  return join(given.directory, `device-${++states}`);
}

describe("laneway join", () => {
  it("enrols this device, prints its networks, and stores them readable only by its owner", async () => {
    const { link, secret } = await invite();
    const state = newState();
    const joined = await laneway(["join", link, "--name", "lab-pc", "--state", state, "--json"]);
    expect(joined).toMatchObject({ code: 0, stderr: "" });
    expect(joined.objects).toEqual([
      {
        device: expect.stringMatching(/./),
        name: "lab-pc",
        tenant: "default",
        relay: given.relay.url,
        networks: [{ name: "lan", vni: 101 }],
      },
    ]);
    expect(joined.stdout).not.toContain(secret);
    const files = await readdir(join(state, "devices"));
    expect(files).toHaveLength(1);
    expect((await stat(join(state, "devices", String(files[0])))).mode & 0o777).toBe(0o600);

    const [device] = joined.objects;
    const { objects } = await given.relay.admin("device", "list");
    expect(objects).toContainEqual(
      expect.objectContaining({
        id: device?.["device"],
        name: "lab-pc",
        tenant: "default",
        networks: ["lan"],
        online: false,
      }),
    );
  });

  it("prints the next step for people", async () => {
    const { link } = await invite();
    const state = newState();
    const joined = await laneway(["join", link, "--name", "for people"], { env: { LANEWAY_STATE: state } });
    expect(joined).toMatchObject({ code: 0, stderr: "" });
    expect(joined.stdout).toContain(`'for people' at ${given.relay.url}, tenant default`);
    expect(joined.stdout).toMatch(/\blan\b/);
    expect(joined.stdout).toMatch(/laneway up/);
  });

  it("keeps the same device when repeated, and with another invite", async () => {
    await given.relay.create("network", "create", "second");
    const [one, other] = [await invite("--uses", "2"), await invite("--network", "second")];
    const state = newState();
    const join = async (link: string) => {
      const { objects } = await laneway(["join", link, "--state", state, "--json"]);
      return objects[0];
    };
    const first = await join(one.link);
    expect(await join(one.link)).toEqual(first);
    const { objects } = await given.relay.admin("invite", "list");
    expect(objects).toContainEqual(expect.objectContaining({ id: one.id, used: 1, uses: 2 }));
    expect(await join(other.link)).toMatchObject({
      device: first?.["device"],
      networks: expect.arrayContaining([
        expect.objectContaining({ name: "lan" }),
        expect.objectContaining({ name: "second" }),
      ]),
    });
  });

  it("uses the device's key from then on, until it is revoked", async () => {
    const { link } = await invite();
    const state = newState();
    const joined = await laneway(["join", link, "--state", state, "--json"]);
    // A network of others: this answer shows that the relay welcomed the client, and no TAP was made.
    const up = ["up", "no-such-network", "--state", state];
    await expectError(given, {
      args: up,
      says: "the device does not open a network 'no-such-network'",
      advises: "lan",
      code: 1,
    });
    expect((await given.relay.admin("device", "revoke", text(joined.objects[0] ?? {}, "device"))).code).toBe(
      0,
    );
    await expectError(given, { args: up, says: "refused the device (4001", advises: "invite", code: 1 });
    // A new invite readmits it as another device.
    const again = await laneway(["join", (await invite()).link, "--state", state, "--json"]);
    expect(again.code).toBe(0);
    await expectError(given, { args: up, says: "does not open", code: 1 });
  });

  it.runIf(requires("openssl"))(
    "takes the app's form of a link, and trusts no certificate that it can't check",
    async () => {
      const directory = await mkdtemp(join(tmpdir(), "laneway-join-"));
      try {
        const { cert, key } = makeCertificate(directory);
        await using relay = await startRelay(undefined, ["--tls-cert", cert, "--tls-key", key]);
        await joinByApp(relay, directory, cert);
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    },
  );

  async function joinByApp(relay: TestRelay, directory: string, certificate: string): Promise<void> {
    const env = { NODE_EXTRA_CA_CERTS: certificate };
    const access = ["--relay", relay.url, "--admin-token-file", relay.adminTokenFile];
    const created = await laneway(["invite", "create", "--json", ...access], { env });
    const { link, secret } = parts(text(created.objects[0] ?? {}, "link"));
    const app = link.replace("https:", "laneway:");
    expect(app).not.toBe(link);
    const args = ["join", app, "--state", join(directory, "state"), "--json"];
    const untrusting = await laneway(args);
    expect(untrusting).toMatchObject({ code: 1, stderr: expect.stringContaining("certificate") });
    expect(untrusting.stderr).not.toContain(secret);
    const joined = await laneway(args, { env });
    expect(joined).toMatchObject({ code: 0, stderr: "" });
    expect(joined.objects).toMatchObject([{ relay: relay.url, networks: [{ name: "lan" }] }]);
  }
});

describe("an invite that enrols no device", () => {
  /** Tries to join, which must fail without revealing the secret. */
  async function refused(link: string, secret: string, says: string, advises: string): Promise<void> {
    const before = await devices();
    const args = ["join", link, "--state", newState()];
    const said = await expectError(given, { args, says, advises, code: 1 });
    expect(said).not.toContain(secret);
    expect(await devices()).toEqual(before);
  }

  it("is one that the relay does not know", async () => {
    const { link, secret } = await invite();
    const other = secret.startsWith("A") ? `B${secret.slice(1)}` : `A${secret.slice(1)}`;
    await refused(link.replace(secret, other), other, given.relay.url, "complete");
  });

  it("is one that is used up", async () => {
    const { link, secret } = await invite("--uses", "1");
    expect((await laneway(["join", link, "--state", newState()])).code).toBe(0);
    await refused(link, secret, given.relay.url, "new one");
  });

  it("is one that was revoked", async () => {
    const { id, link, secret } = await invite();
    expect((await given.relay.admin("invite", "revoke", id)).code).toBe(0);
    await refused(link, secret, given.relay.url, "new one");
  });

  it("is one that has expired", async () => {
    const { link, secret } = await invite("--expires", "1s");
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    await refused(link, secret, given.relay.url, "new one");
  });

  it("is one of another relay", async () => {
    const { link, secret } = await invite();
    await using other = await startRelay();
    await refused(link.replace(given.relay.url, other.url), secret, other.url, "complete");
  });
});

describe("an invalid device name", () => {
  it("is refused as wrong usage, and does not use the invite", async () => {
    const { id, link, secret } = await invite();
    const args = ["join", link, "--state", newState(), "--name", "two\nlines"];
    const said = await expectError(given, { args, says: "name", code: 2 });
    expect(said).not.toContain(secret);
    const { objects } = await given.relay.admin("invite", "list");
    expect(objects).toContainEqual(expect.objectContaining({ id, used: 0 }));
  });
});

describe("an invalid link", () => {
  const secret = "Zm9vYmFyYmF6-_3q2-7wAAECAwQFBgcICQoLDA0ODxA";
  it.concurrent.each([
    ["no link at all", ["bogus"]],
    ["a link without its fragment", ["https://relay.example/join"]],
    ["a link of another version", [`https://relay.example/join#v9.default.${secret}`]],
    ["a link without a tenant", [`https://relay.example/join#v1.${secret}`]],
    ["a secret too short", [`https://relay.example/join#v1.default.${secret.slice(0, 30)}`]],
    ["a link of another scheme", [`ftp://relay.example/join#v1.default.${secret}`]],
    ["another page's link", [`https://relay.example/elsewhere#v1.default.${secret}`]],
    ["two links", [`https://relay.example/join#v1.default.${secret}`, `http://x/join#v1.default.${secret}`]],
    ["an option that there is not", [`--link=https://relay.example/join#v1.default.${secret}`]],
  ])("is refused before anything is done, and not shown: %s", async (_what, args) => {
    const said = await expectError(given, { args: ["join", ...args], says: "", code: 2 });
    expect(said).not.toContain(secret.slice(0, 30));
  });
});
