// Relays that are reachable only through a proxy, or behind one with a password; with Squid and nginx.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { JsonProcess } from "../../../../desktop/demo/lab/json-process.ts";
import type { Site } from "../../../../desktop/demo/lab/lab.ts";
import { AgentProcess } from "../../../support/network/agent-process.ts";
import {
  type Host,
  hasLab,
  Lab,
  laneway,
  startLaneway,
  startRelay,
  type TestRelay,
  text,
  up,
} from "../../../support/network/lab.ts";

const WAIT = { timeout: 60_000, interval: 200 };
const PASSWORD = "Se-cr3t";

/** Starts a server in the lab's internet, and waits until it listens. */
async function serve(lab: Lab, command: string, args: readonly string[], port: number): Promise<JsonProcess> {
  const server = new JsonProcess(
    lab.wan.spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] }),
    command,
  );
  const isOpen = async () => {
    const { stdout } = await lab.wan.exec("ss", ["-Hltn", `sport = :${port}`]);
    return stdout !== "";
  };
  await vi.waitUntil(isOpen, WAIT);
  return server;
}

/** Writes a file of users for Squid and nginx: `ann` with the password. */
function usersFile(directory: string): string {
  const file = join(directory, "users");
  const hash = execFileSync("openssl", ["passwd", "-apr1", PASSWORD], { encoding: "utf8" });
  writeFileSync(file, `ann:${hash}`);
  return file;
}

/** Blocks the relay's port for a host; the lab's routers pass everything else. */
async function block(host: Host, port: number): Promise<void> {
  const rules = `table inet ways {\n chain away {\n type filter hook output priority 0;\n tcp dport ${port} reject with tcp reset\n }\n}\n`;
  await host.mustExec("nft", ["-f", "-"], { input: rules });
}

describe.runIf(hasLab("squid", "openssl"))("behind an HTTP proxy with a password", () => {
  let lab: Lab;
  let relay: TestRelay;
  let squid: JsonProcess;
  let alice: Site;
  let bob: Site;
  /** Only the proxy can resolve it. */
  const NAMED = "http://relay.test:8787";
  let proxy: string;

  beforeAll(async () => {
    lab = await Lab.create();
    [alice, bob] = [await lab.addSite("alice"), await lab.addSite("bob")];
    relay = await startRelay(lab);
    await relay.create("network", "create", "office", "--subnet", "10.20.0.0/24");
    // Squid gives up root, and the lab's directory is accessible only to root.
    const directory = join(lab.directory, "squid");
    mkdirSync(directory);
    chmodSync(lab.directory, 0o711);
    const hosts = join(directory, "hosts");
    writeFileSync(hosts, `${lab.wanAddress} relay.test\n`);
    const config = join(directory, "squid.conf");
    const lines = [
      `http_port ${lab.wanAddress}:3128`,
      `auth_param basic program /usr/lib/squid/basic_ncsa_auth ${usersFile(directory)}`,
      "acl known proxy_auth REQUIRED",
      "acl forbidden port 9999",
      "http_access deny !known",
      "http_access deny forbidden",
      "http_access allow known",
      "http_access deny all",
      `hosts_file ${hosts}`,
      "access_log none",
      "cache_log /dev/null",
      "pid_filename none",
      "cache deny all",
      `coredump_dir ${directory}`,
      "visible_hostname proxy",
      "shutdown_lifetime 0 seconds",
      "",
    ];
    writeFileSync(config, lines.join("\n"));
    chmodSync(directory, 0o755);
    squid = await serve(lab, "squid", ["-N", "-f", config], 3128);
    proxy = `http://ann:${PASSWORD}@${lab.wanAddress}:3128`;
    for (const { host } of [alice, bob]) await block(host, 8787);
  });
  afterAll(async () => {
    await squid?.stop();
    await lab?.close();
  });

  function stateOf(name: string): string {
    return join(lab.directory, `state-of-${name}`);
  }

  async function link(): Promise<string> {
    const made = text(await relay.create("invite", "create", "--network", "office", "--uses", "9"), "link");
    return `${NAMED}/join${new URL(made).hash}`;
  }

  it("a tunnel uses the environment's proxy, to a name that only the proxy can resolve", async () => {
    const token = await relay.token("office");
    const args = [
      "office",
      "--relay",
      NAMED,
      "--token",
      token,
      "--address",
      "none",
      "--state",
      stateOf("env"),
    ];
    const client = await up(alice.host, args, { HTTP_PROXY: proxy });
    await using running = client.process;
    expect(running.stderr).toBe("");
  });

  it("a device joins and administers with --proxy, and stores it", async () => {
    const state = stateOf("device");
    const joined = await laneway(["join", await link(), "--proxy", proxy, "--state", state, "--json"], {
      host: alice.host,
    });
    expect(joined).toMatchObject({ code: 0, stderr: "" });
    expect(joined.stdout).not.toContain(PASSWORD);
    const client = await up(alice.host, ["office", "--state", state]);
    await using _running = client.process;

    const admin = ["--relay", NAMED, "--admin-token-file", relay.adminTokenFile, "--json"];
    const listed = await laneway(["network", "list", ...admin, "--proxy", proxy], { host: alice.host });
    expect(listed.objects.map(({ name }) => name)).toContain("office");
    const away = await laneway(["network", "list", ...admin, "--relay", relay.url], { host: alice.host });
    expect(away).toMatchObject({ code: 1, stdout: "" });
  });

  it("a wrong password and a forbidden relay are distinguished, and no password is shown", async () => {
    const token = await relay.token("office");
    const wrong = proxy.replace(PASSWORD, "wr0ng-one");
    const cases: [relay: string, proxy: string, says: RegExp][] = [
      [NAMED, wrong, /the proxy http:\/\/203\.0\.113\.1:3128 does not take the password of 'ann' \(407\)/],
      [NAMED, `http://${lab.wanAddress}:3128`, /asks for a user and a password \(407\)/],
      ["http://relay.test:9999", proxy, /does not allow a connection to relay\.test:9999 \(403\)/],
      ["http://relay.test:8788", proxy, /made no connection to relay\.test:8788 \(HTTP 503\)/],
      [
        NAMED,
        `http://${lab.wanAddress}:3129`,
        /can't reach the proxy http:\/\/203\.0\.113\.1:3129: ECONNREFUSED/,
      ],
    ];
    for (const [url, by, says] of cases) {
      const joined = await laneway(
        ["join", (await link()).replace(NAMED, url), "--proxy", by, "--state", stateOf("no")],
        {
          host: alice.host,
        },
      );
      expect(joined.code).toBe(1);
      expect(joined.stderr).toMatch(says);
      const args = [
        "up",
        "office",
        "--foreground",
        "--relay",
        url,
        "--token",
        token,
        "--state",
        stateOf("no"),
      ];
      await using client = startLaneway([...args, "--proxy", by], { host: alice.host });
      await expect.poll(() => client.stderr, WAIT).toMatch(new RegExp(`${says.source}; trying again in `));
      await client.stop();
      expect(joined.stderr + client.stderr).not.toMatch(/Se-cr3t|wr0ng-one/);
    }
  });

  it("doctor checks what it can see from here", async () => {
    const { objects } = await laneway(
      ["doctor", "--relay", NAMED, "--proxy", proxy, "--json", "--state", stateOf("x")],
      {
        host: alice.host,
      },
    );
    const found = Object.fromEntries(objects.map(({ check, state }) => [check, state]));
    expect(found).toMatchObject({ dns: "skipped", reach: "pass", websocket: "pass", mtu: "pass" });
    expect(JSON.stringify(objects)).not.toContain(PASSWORD);
  });

  it("the agent keeps networks up by its own proxy or the network's, also after a restart", async () => {
    await using agent = await AgentProcess.start(bob.host);
    const client = await agent.connect();
    const token = await relay.token("office");
    const args = ["up", "office", "--relay", relay.url, "--token", token, "--address", "none"];
    await agent.must(...args);
    await expect
      .poll(async () => await agent.network("office"), WAIT)
      .toMatchObject({ state: "connecting", error: { code: "relay.unreachable" } });

    expect(await client.call("settings.set", { proxy })).toMatchObject({ proxy: "http://203.0.113.1:3128" });
    await expect.poll(async () => (await agent.network("office"))?.state, WAIT).toBe("up");
    // As it was shown, which keeps the password.
    await client.call("settings.set", { proxy: "http://203.0.113.1:3128", log_level: "info" });
    expect(await client.call("settings.get", {})).toEqual({
      log_level: "info",
      proxy: "http://203.0.113.1:3128",
    });
    await agent.kill();
    await agent.start();
    await expect.poll(async () => (await agent.network("office"))?.state, WAIT).toBe("up");

    const again = await agent.connect();
    await again.call("settings.set", { proxy: null });
    await agent.must(...args, "--proxy", `http://${lab.wanAddress}:3128`);
    await expect
      .poll(async () => await agent.network("office"), WAIT)
      .toMatchObject({ error: { code: "proxy.login", message: expect.stringContaining("(407)") } });
    await agent.must(...args, "--proxy", proxy);
    await expect.poll(async () => (await agent.network("office"))?.state, WAIT).toBe("up");

    await agent.must("join", await link(), "--proxy", proxy);
    const told = [
      (await again.call("report", {})).text,
      JSON.stringify(await again.call("logs", {})),
      JSON.stringify(await again.call("status", {})),
      agent.process.stderr,
    ];
    expect(told.join("\n")).not.toContain(PASSWORD);
    again.close();
    client.close();
  });
});

describe.runIf(hasLab("nginx", "openssl"))("behind a proxy in front of the relay that has a password", () => {
  let lab: Lab;
  let relay: TestRelay;
  let nginx: JsonProcess;
  let alice: Site;

  beforeAll(async () => {
    lab = await Lab.create();
    alice = await lab.addSite("alice");
    relay = await startRelay(lab, ["--public-url", `http://${lab.wanAddress}`]);
    await relay.create("network", "create", "office", "--subnet", "10.20.0.0/24");
    const directory = join(lab.directory, "nginx");
    mkdirSync(directory);
    chmodSync(lab.directory, 0o711);
    const config = join(directory, "nginx.conf");
    writeFileSync(
      config,
      `pid ${directory}/pid; error_log stderr; daemon off; worker_processes 1; events {}
http { access_log off; map $http_upgrade $conn { default upgrade; '' close; }
  client_body_temp_path ${directory}/body; proxy_temp_path ${directory}/proxy; fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi; scgi_temp_path ${directory}/scgi;
  server { listen ${lab.wanAddress}:80; location / { auth_basic x; auth_basic_user_file ${usersFile(directory)};
    proxy_pass ${relay.url}; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $conn; proxy_set_header Host $host; proxy_set_header Authorization ""; } } }\n`,
    );
    chmodSync(directory, 0o777);
    nginx = await serve(lab, "nginx", ["-e", "stderr", "-c", config], 80);
    await block(alice.host, 8787);
  });
  afterAll(async () => {
    await nginx?.stop();
    await lab?.close();
  });

  it("one URL of the relay works for the tunnel, joining, administration, checks and the agent", async () => {
    const named = `http://ann:${PASSWORD}@${lab.wanAddress}`;
    const plain = `http://${lab.wanAddress}`;
    const token = await relay.token("office");
    const made = text(await relay.create("invite", "create", "--network", "office", "--uses", "9"), "link");
    const link = `${named}/join${new URL(made).hash}`;
    const state = (name: string) => join(lab.directory, `state-of-${name}`);
    const told: string[] = [];

    const byToken = [
      "office",
      "--relay",
      named,
      "--token",
      token,
      "--address",
      "none",
      "--state",
      state("token"),
    ];
    await (await up(alice.host, byToken)).process.stop();

    const run = async (...args: string[]) => {
      const result = await laneway(args, { host: alice.host });
      told.push(result.stdout, result.stderr);
      return result;
    };
    expect((await run("join", link, "--state", state("device"))).stderr).toBe("");
    const device = (await up(alice.host, ["office", "--state", state("device")])).process;
    await device.stop();
    told.push(device.stderr, JSON.stringify(device.lines));
    const admin = ["network", "list", "--admin-token-file", relay.adminTokenFile, "--json", "--relay"];
    expect((await run(...admin, named)).stdout).toContain('"office"');
    const checked = await run("doctor", "--relay", named, "--json", "--state", state("none"));
    expect(Object.fromEntries(checked.objects.map(({ check, state }) => [check, state]))).toMatchObject({
      websocket: "pass",
      mtu: "pass",
    });

    // Without the password, or with a wrong one, each says what is missing.
    for (const url of [plain, named.replace(PASSWORD, "wr0ng-one")]) {
      const tried = [
        await run(...admin, url),
        await run("join", link.replace(named, url), "--state", state("no")),
      ];
      for (const { code, stderr } of tried) {
        expect(code).toBe(1);
        expect(stderr).toMatch(
          /asks for a user and a password.*\n {2}.*http:\/\/USER:PASSWORD@203\.0\.113\.1/,
        );
      }
    }

    await using agent = await AgentProcess.start(alice.host);
    await agent.must("join", link);
    const [row] = await agent.must("up", "office", "--address", "none");
    expect(row).toMatchObject({ event: "up", network: "office" });
    await agent.kill();
    await agent.start();
    await expect.poll(async () => (await agent.network("office"))?.state, WAIT).toBe("up");
    const client = await agent.connect();
    const status = await laneway(["status", "--json"], { host: alice.host, env: agent.env });
    told.push(status.stdout, (await client.call("report", {})).text, agent.process.stderr);
    client.close();
    expect(told.join("\n")).not.toMatch(/Se-cr3t|wr0ng-one/);
  });
});
