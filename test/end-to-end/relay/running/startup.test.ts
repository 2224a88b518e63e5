import { once } from "node:events";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RelayProcess, runToEnd, temporaryDirectory } from "../../../support/relay/relay-process.ts";
import { underEachRuntime } from "../../../support/relay/runtimes.ts";

underEachRuntime("a relay that starts", (runtime) => {
  let directory = "";
  beforeAll(() => {
    directory = temporaryDirectory();
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  describe("on an empty data directory", () => {
    it("prints where it listens in one JSON line, and nothing else on standard output", async () => {
      const data = join(directory, "new", "below", "new");
      await using relay = await RelayProcess.start(runtime, { data });
      expect(relay.listening).toEqual({
        event: "listening",
        url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/),
        admin_token_file: join(data, "admin.token"),
        invite: expect.stringContaining("/join#v1.default."),
        sign_in: expect.stringContaining("/#sign-in="),
      });
      const { stdout } = await relay.stop();
      expect(stdout.split("\n")).toEqual([JSON.stringify(relay.listening), ""]);
    });

    it("creates the tenant default with the network lan, and a token file readable only by its owner", async () => {
      await using relay = await RelayProcess.start(runtime);
      expect(await relay.must("GET", "/tenants")).toEqual([{ name: "default" }]);
      expect(await relay.must("GET", "/tenants/default/networks")).toMatchObject([
        { name: "lan", tenant: "default", mtu: 1500, mode: "switch" },
      ]);
      const file = statSync(join(relay.data, "admin.token"));
      expect((file.mode & 0o777).toString(8)).toBe("600");
      expect(relay.adminToken).toMatch(/^[A-Za-z0-9_-]{43}$/);
    });

    it("tells people how to join, without --json", async () => {
      const data = join(directory, "greeting");
      const child = runToEnd(runtime, ["--listen", "127.0.0.1:0", "--data", data], (running) => {
        running.stdout?.once("data", () => running.kill("SIGTERM"));
      });
      const { code, stdout } = await child;
      expect(code).toBe(0);
      expect(stdout).toMatch(/http:\/\/127\.0\.0\.1:\d+/);
      expect(stdout).toContain("laneway token create");
      expect(stdout).toContain("laneway up lan");
      expect(stdout).toMatch(/laneway join 'http:\/\/127\.0\.0\.1:\d+\/join#v1\.default\.[\w-]{43}'/);
      expect(stdout).toContain(join(data, "admin.token"));
      expect(stdout).not.toContain(readFileSync(join(data, "admin.token"), "utf8").trim());
    });
  });

  describe("with options from several places", () => {
    it("prefers the command line over the environment, and the environment over the file", async () => {
      const data = join(directory, "precedence");
      const config = join(directory, "config.json");
      writeFileSync(
        config,
        JSON.stringify({ listen: "nowhere", data: "/nowhere", "public-url": "https://file.example" }),
      );
      await using relay = await RelayProcess.start(runtime, {
        data,
        args: ["--config", config],
        env: { LANEWAY_LISTEN: "nonsense", LANEWAY_DATA: join(directory, "not this") },
      });
      expect(relay.listening["admin_token_file"]).toBe(join(data, "admin.token"));
    });
  });

  describe("and fails", () => {
    it.each<[string, string[]]>([
      ["an address that is none", ["--listen", "somewhere"]],
      ["a port that is none", ["--listen", "127.0.0.1:70000"]],
      ["a public URL that is none", ["--listen", "127.0.0.1:0", "--public-url", "ftp://relay.example"]],
      ["half of what TLS needs", ["--listen", "127.0.0.1:0", "--tls-cert", "cert.pem"]],
    ])("for %s, says so in two lines and exits with 2", async (_what, args) => {
      const { code, stdout, stderr } = await runToEnd(runtime, [
        "--json",
        "--data",
        join(directory, "unused"),
        ...args,
      ]);
      expect(code).toBe(2);
      expect(stdout).toBe("");
      expect(stderr.trimEnd().split("\n")).toHaveLength(2);
    });

    it("for an unknown option: says so with a hint, and exits with 2", async () => {
      const { code, stdout, stderr } = await runToEnd(runtime, ["--no-such-option"]);
      expect(code).toBe(2);
      expect(stdout).toBe("");
      expect(stderr.trimEnd().split("\n")).toEqual([
        expect.stringContaining("--no-such-option"),
        expect.stringContaining("--help"),
      ]);
    });

    it("for a port in use: names it in two lines, and exits with 1", async () => {
      const holder = createServer();
      holder.listen(0, "127.0.0.1");
      await once(holder, "listening");
      const { port } = holder.address() as AddressInfo;
      try {
        const { code, stdout, stderr } = await runToEnd(runtime, [
          "--json",
          "--listen",
          `127.0.0.1:${port}`,
          "--data",
          join(directory, "taken"),
        ]);
        expect(code).toBe(1);
        expect(stdout).toBe("");
        expect(stderr.trimEnd().split("\n")).toEqual([
          expect.stringContaining(`127.0.0.1:${port}`),
          expect.stringContaining("--listen"),
        ]);
      } finally {
        holder.close();
      }
    });

    it("for a data directory that is not writable: names it in two lines, and exits with 1", async () => {
      const file = join(directory, "a file");
      writeFileSync(file, "");
      const data = join(file, "data");
      const { code, stdout, stderr } = await runToEnd(runtime, [
        "--json",
        "--listen",
        "127.0.0.1:0",
        "--data",
        data,
      ]);
      expect(code).toBe(1);
      expect(stdout).toBe("");
      expect(stderr.trimEnd().split("\n")).toEqual([
        expect.stringContaining(data),
        expect.stringContaining("--data"),
      ]);
    });

    it("for a database of a newer Laneway: leaves it unchanged, and exits with 1", async () => {
      const data = join(directory, "newer");
      await (await RelayProcess.start(runtime, { data })).stop();
      const path = join(data, "laneway.db");
      const database = new DatabaseSync(path);
      database.exec("PRAGMA user_version = 1000; PRAGMA journal_mode = DELETE");
      database.close();
      const before = readFileSync(path);
      const { code, stdout, stderr } = await runToEnd(runtime, [
        "--json",
        "--listen",
        "127.0.0.1:0",
        "--data",
        data,
      ]);
      expect(code).toBe(1);
      expect(stdout).toBe("");
      expect(stderr.trimEnd().split("\n")).toEqual([
        expect.stringContaining(path),
        expect.stringMatching(/./),
      ]);
      expect(readFileSync(path).equals(before)).toBe(true);
    });

    it("for TLS files without a certificate: names the file in two lines, and exits with 1", async () => {
      const pem = join(directory, "cert.pem");
      writeFileSync(pem, "no certificate\n");
      const { code, stdout, stderr } = await runToEnd(runtime, [
        "--json",
        "--listen",
        "127.0.0.1:0",
        "--data",
        join(directory, "tls"),
        "--tls-cert",
        pem,
        "--tls-key",
        pem,
      ]);
      expect(code).toBe(1);
      expect(stdout).toBe("");
      expect(stderr.trimEnd().split("\n")).toEqual([
        expect.stringContaining(pem),
        expect.stringMatching(/./),
      ]);
    });
  });
});
