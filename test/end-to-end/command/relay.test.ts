// `laneway relay` as its user sees it: its output, its files, its signals and its end.
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  hasLab,
  JsonProcess,
  Lab,
  launcher,
  type Machine,
  startLaneway,
  startRelay,
  text,
  thisMachine,
} from "../../support/network/lab.ts";

const repository = join(import.meta.dirname, "../../..");

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "laneway-relay-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Starts a relay as a person does; its lines are `text`. */
function startForPeople(machine: Machine, args: readonly string[]): JsonProcess {
  const command = [...launcher.args, "relay", ...args];
  const child = machine.spawn(launcher.command, command, { stdio: ["ignore", "pipe", "pipe"] });
  return new JsonProcess(child, "laneway relay");
}

/** Waits for the invite in a relay's output for people, and resolves to all lines up to it. */
async function greeting(relay: JsonProcess): Promise<string[]> {
  await relay.waitFor((line) => /\/join#/.test(String(line["text"])));
  return relay.lines.map((line) => String(line["text"]));
}

describe("laneway relay", () => {
  it("prints first where it listens and where the administrator's token is", async () => {
    const data = join(directory, "new", "data");
    await using relay = startLaneway(["relay", "--listen", "127.0.0.1:0", "--data", data]);
    await relay.event("listening");
    const [line] = relay.lines;
    expect(line).toMatchObject({ event: "listening", admin_token_file: join(data, "admin.token") });
    const url = text(line ?? {}, "url");
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect((await stat(join(data, "admin.token"))).mode & 0o777).toBe(0o600);
    expect(await relay.stop()).toBe(0);
    expect(relay.lines).toHaveLength(1);
  });

  it("keeps everything in a directory readable only by its owner", async () => {
    await using relay = await startRelay();
    expect((await stat(relay.data)).mode & 0o077).toBe(0);
    await relay.token();
    await relay.stop();
    const token = (await readFile(relay.adminTokenFile, "utf8")).trim();
    await relay.start("");
    expect((await readFile(relay.adminTokenFile, "utf8")).trim()).toBe(token);
  });

  it("keeps its files from others also in an existing directory", async () => {
    await chmod(directory, 0o755);
    await using relay = startLaneway(["relay", "--listen", "127.0.0.1:0", "--data", directory]);
    await relay.event("listening");
    for (const name of await readdir(directory)) {
      expect([name, (await stat(join(directory, name))).mode & 0o077]).toEqual([name, 0]);
    }
  });

  it("shows an invite and a link to sign in at its first start alone", async () => {
    const args = ["relay", "--listen", "127.0.0.1:0", "--data", directory];
    for (const isFirst of [true, false]) {
      await using relay = startLaneway(args);
      const { url, invite, sign_in } = await relay.event("listening");
      expect([invite, sign_in]).toEqual(
        isFirst
          ? [
              expect.stringMatching(`^${url}/join#v1\\.default\\.[\\w-]{43}$`),
              expect.stringMatching(`^${url}/#sign-in=[\\w-]{43}$`),
            ]
          : [undefined, undefined],
      );
    }
  });

  it("has a link to sign in that works once", async () => {
    await using relay = await startRelay();
    const code = /#sign-in=([\w-]{43})$/.exec(text(await relay.create("sign-in"), "link"))?.[1];
    const exchange = (body: object) =>
      fetch(`${relay.url}/v1/sign-in`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const answer = await exchange({ code });
    expect(await answer.json()).toEqual({ token: (await readFile(relay.adminTokenFile, "utf8")).trim() });
    for (const again of [{ code }, { code: "a".repeat(43) }]) {
      const refused = await exchange(again);
      expect([refused.status, await refused.json()]).toEqual([
        403,
        expect.objectContaining({ code: "sign-in.refused" }),
      ]);
    }
    const authorization = `Bearer ${(await readFile(relay.adminTokenFile, "utf8")).trim()}`;
    const log = await (await fetch(`${relay.url}/v1/audit`, { headers: { authorization } })).text();
    expect(log).toMatch(/sign-in\.create.*sign-in\.use|sign-in\.use.*sign-in\.create/s);
    expect(log).not.toContain(code);
  });

  it("does not recreate the deleted tenant and network of its first start", async () => {
    await using relay = await startRelay();
    await relay.admin("network", "delete", "lan");
    await relay.restart();
    expect((await relay.admin("network", "list")).objects).toEqual([]);
  });

  it("prints the public URL to join at, if it has one", async () => {
    const args = ["--listen", "127.0.0.1:0", "--data", directory, "--public-url", "https://relay.example"];
    await using relay = startForPeople(thisMachine, args);
    const said = (await greeting(relay)).join("\n");
    expect(said).toContain("https://relay.example/join#v1.default.");
    expect(said).toContain("https://relay.example/#sign-in=");
    expect(said).not.toContain("--tls-cert");
  });

  it.each(["SIGTERM", "SIGINT"] as const)("ends cleanly at %s", async (signal) => {
    await using relay = startLaneway(["relay", "--listen", "127.0.0.1:0", "--data", directory]);
    await relay.event("listening");
    expect(await relay.stop(signal)).toBe(0);
    expect(relay.stderr).toBe("");
  });

  it("prefers the command line over the environment, and the environment over the config file", async () => {
    const [fromFile, fromEnvironment, fromCommandLine] = ["file", "environment", "line"].map((name) =>
      join(directory, name),
    );
    const config = join(directory, "relay.json");
    await writeFile(config, JSON.stringify({ listen: "127.0.0.1:0", data: fromFile }));
    const cases: [string[], Record<string, string>, string | undefined][] = [
      [["--config", config], {}, fromFile],
      [[], { LANEWAY_CONFIG: config }, fromFile],
      [["--config", config], { LANEWAY_DATA: fromEnvironment ?? "" }, fromEnvironment],
      [
        ["--config", config, "--data", fromCommandLine ?? ""],
        { LANEWAY_DATA: "/dev/null/x" },
        fromCommandLine,
      ],
    ];
    for (const [args, env, data] of cases) {
      await using relay = startLaneway(["relay", ...args], { env });
      expect(await relay.event("listening")).toMatchObject({ admin_token_file: `${data}/admin.token` });
    }
  });
});

describe.runIf(hasLab("npx", "sh"))("a new relay's output for people", () => {
  it("has an invite with which two machines join and reach each other", async () => {
    await using lab = await Lab.create();
    const [alice, bob] = [await lab.addSite("alice"), await lab.addSite("bob")];
    const data = join(lab.directory, "data");
    await using relay = startForPeople(lab.wan, ["--listen", "0.0.0.0:8787", "--data", data]);
    const said = (await greeting(relay)).join("\n");
    const link = said.match(/http:\S+\/join#[\w.-]+/)?.[0] ?? "";
    expect(link).toContain(`http://${lab.wanAddress}:8787/join#v1.default.`);
    let address = "";
    for (const { host } of [alice, bob]) {
      const state = join(lab.directory, host.name);
      const env = { LANEWAY_STATE: state, HOME: lab.directory };
      await host.mustExec(
        "sh",
        ["-c", `cd '${repository}' && npx laneway join '${link}' --name ${host.name}`],
        { env },
      );
      await upForPeople(host, "npx laneway up", state);
      address =
        /inet (10\.[\d.]+)\/24/.exec(await host.mustExec("ip", ["address", "show", "lw0"]))?.[1] ?? "";
    }
    await alice.host.mustExec("ping", ["-n", "-c", "2", "-W", "10", address]);
  });

  /** Runs a printed `up` and waits until the network is up; the lab ends it. */
  async function upForPeople(host: Machine, command: string, state: string): Promise<void> {
    const child = host.spawn("sh", ["-c", `cd '${repository}' && exec ${command}`], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { LANEWAY_STATE: state },
    });
    await new JsonProcess(child, command).waitFor((line) => /^lan is up/.test(String(line["text"])));
  }
});
