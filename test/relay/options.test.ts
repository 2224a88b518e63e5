import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { connectionLimits } from "../../relay/arrivals/connections.ts";
import { descriptorLimit } from "../../relay/arrivals/descriptors.ts";
import { TrustedProxies } from "../../relay/arrivals/trusted-proxies.ts";
import { type RelayOptions, relayCommand, relayOptions } from "../../relay/options.ts";
import { Fault } from "../../shared/values/fault.ts";
import { makeCertificate } from "../support/relay/certificate.ts";
import { requires } from "../support/requirements.ts";

describe("the relay's options", () => {
  let directory = "";

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "laneway-options-"));
    for (const name of Object.keys(process.env)) {
      if (name.startsWith("LANEWAY_")) vi.stubEnv(name, undefined);
    }
  });

  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(directory, { recursive: true, force: true });
  });

  function config(content: unknown): string {
    const path = join(directory, "relay.json");
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  }

  it("have defaults: all addresses, port 8787, a directory of this user's, no TLS", () => {
    expect(read([])).toEqual({
      hostname: "0.0.0.0",
      port: 8787,
      packages: undefined,
      data: expect.stringMatching(/laneway\/relay$/),
      publicUrl: undefined,
      tls: undefined,
      framing: "own",
      trustedProxies: expect.any(TrustedProxies),
      audit: { days: 400, entries: 100_000 },
      connections: connectionLimits(descriptorLimit()),
      json: false,
    });
  });

  it.each(["0", "-1", "1.5", "ten", "9999999999"])("can't keep an audit log for %s days", (days) => {
    expect(() => read(["--audit-days", days])).toThrow(expect.objectContaining({ code: "relay.audit" }));
    expect(() => read(["--config", config({ "audit-entries": days })])).toThrow(
      expect.objectContaining({ code: "relay.audit" }),
    );
  });

  it("keep data where the XDG says, for users who are not root", () => {
    vi.spyOn(process, "getuid").mockReturnValue(1_000);
    vi.stubEnv("XDG_DATA_HOME", "/xdg");
    expect(read([]).data).toBe("/xdg/laneway/relay");
    vi.stubEnv("XDG_DATA_HOME", undefined);
    expect(read([]).data).toBe(join(homedir(), ".local/share/laneway/relay"));
    vi.restoreAllMocks();
  });

  it("are taken from the command line, else the environment, else the file", () => {
    const file = config({ listen: "1.1.1.1:1", data: "/file", "public-url": "https://file.example" });
    expect(read(["--config", file])).toMatchObject({
      hostname: "1.1.1.1",
      port: 1,
      data: "/file",
      publicUrl: new URL("https://file.example"),
    });
    vi.stubEnv("LANEWAY_LISTEN", "2.2.2.2:2");
    vi.stubEnv("LANEWAY_DATA", "/environment");
    expect(read(["--config", file])).toMatchObject({
      hostname: "2.2.2.2",
      port: 2,
      data: "/environment",
      publicUrl: new URL("https://file.example"),
    });
    expect(read(["--config", file, "--listen", "3.3.3.3:3"])).toMatchObject({
      hostname: "3.3.3.3",
      port: 3,
      data: "/environment",
    });
  });

  it("can each be set by the environment, the config file too", () => {
    vi.stubEnv("LANEWAY_WEBSOCKET", "ws");
    vi.stubEnv("LANEWAY_CONFIG", config({ data: "/file" }));
    vi.stubEnv("LANEWAY_LISTEN", "[::1]:443");
    vi.stubEnv("LANEWAY_PUBLIC_URL", "https://relay.example");
    vi.stubEnv("LANEWAY_TRUSTED_PROXY", "10.0.0.2");
    vi.stubEnv("LANEWAY_AUDIT_DAYS", "30");
    vi.stubEnv("LANEWAY_AUDIT_ENTRIES", "500");
    expect(read([]).trustedProxies.addressOf("10.0.0.2", "192.0.2.1")).toBe("192.0.2.1");
    expect(read([])).toEqual({
      hostname: "::1",
      port: 443,
      data: "/file",
      publicUrl: new URL("https://relay.example"),
      tls: undefined,
      framing: "ws",
      trustedProxies: expect.any(TrustedProxies),
      audit: { days: 30, entries: 500 },
      connections: connectionLimits(descriptorLimit()),
      json: false,
    });
  });

  it("bound connections, as numbers in the file too", () => {
    const file = config({ "max-connections": 300, "max-strangers": 20 });
    expect(read(["--config", file, "--max-strangers", "30"]).connections).toEqual({
      all: 300,
      strangers: 30,
      strangersPerAddress: 15,
    });
    vi.stubEnv("LANEWAY_MAX_STRANGERS_PER_ADDRESS", "7");
    expect(read([]).connections.strangersPerAddress).toBe(7);
  });

  it.each(["0", "-1", "many", "1.5", "99999999"])("can't have '%s' connections", (text) => {
    expect(faultOf(["--max-connections", text])).toMatchObject({ code: "relay.config", exitCode: 2 });
    expect(faultOf(["--max-connections", text]).message).toContain("max_connections");
  });

  describe.runIf(requires("openssl"))("for TLS", () => {
    it("can be set on the command line and by the environment", () => {
      const { cert, key } = makeCertificate(directory);
      const pair = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
      const tls = { certFile: cert, keyFile: key, ...pair };
      expect(read(["--tls-cert", cert, "--tls-key", key]).tls).toEqual(tls);
      vi.stubEnv("LANEWAY_TLS_CERT", cert);
      vi.stubEnv("LANEWAY_TLS_KEY", key);
      expect(read([]).tls).toEqual(tls);
    });

    it("name the file that can't be read, or that holds something else", () => {
      const { cert, key } = makeCertificate(directory);
      const missing = join(directory, "missing.pem");
      const other = join(directory, "other.pem");
      writeFileSync(other, "no PEM\n");
      for (const [args, path] of [
        [["--tls-cert", cert, "--tls-key", missing], missing],
        [["--tls-cert", missing, "--tls-key", key], missing],
        [["--tls-cert", cert, "--tls-key", other], other],
        [["--tls-cert", other, "--tls-key", key], other],
      ] as const) {
        const fault = faultOf(args);
        expect(fault).toMatchObject({ code: "relay.tls", exitCode: 1 });
        expect(fault.message).toContain(path);
        expect(fault.message).not.toContain("\n");
      }
    });
  });

  it.each(["public-url", "public_url"])("are known in the file as %s", (key) => {
    expect(read(["--config", config({ [key]: "https://relay.example" })]).publicUrl?.origin).toBe(
      "https://relay.example",
    );
  });

  it.each([
    ["127.0.0.1:0", "127.0.0.1", 0],
    ["localhost:8787", "localhost", 8787],
    ["relay.example:65535", "relay.example", 65_535],
    ["[::1]:8787", "::1", 8787],
    [":8787", "0.0.0.0", 8787],
  ])("listen on %s", (text, hostname, port) => {
    expect(read(["--listen", text])).toMatchObject({ hostname, port });
  });

  it.each([
    "",
    "8787",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:x",
    "127.0.0.1:-1",
    "127.0.0.1:65536",
    "127.0.0.1:087870",
    "::1:8787",
    "[]:8787",
    "[localhost]:8787",
    "http://127.0.0.1:8787",
  ])("can't listen on '%s', which is told with exit code 2", (text) => {
    const fault = faultOf(["--listen", text]);
    expect(fault.exitCode).toBe(2);
    expect(fault.message).toContain(`'${text}'`);
    expect(fault.hint).not.toBe("");
  });

  it.each([
    ["https://relay.example", "https://relay.example"],
    ["https://relay.example/", "https://relay.example"],
    ["http://relay.example:8080/lan/", "http://relay.example:8080"],
    ["HTTPS://Relay.Example:443", "https://relay.example"],
  ])("have for the public URL %s the origin %s", (text, origin) => {
    expect(read(["--public-url", text]).publicUrl?.origin).toBe(origin);
  });

  it.each(["", "relay.example", "wss://relay.example", "ftp://relay.example", "https://"])(
    "can't have the public URL '%s', which is told with exit code 2",
    (text) => {
      const fault = faultOf(["--public-url", text]);
      expect(fault.exitCode).toBe(2);
      expect(fault.message).toContain(`'${text}'`);
    },
  );

  it.each(["--tls-cert", "--tls-key"])("can't have %s alone, which is told with exit code 2", (option) => {
    expect(faultOf([option, "/dev/null"])).toMatchObject({ code: "relay.tls", exitCode: 2 });
  });

  it.each([
    [{ listne: "127.0.0.1:1" }, "listne"],
    [{ listen: 8787 }, "listen"],
    [{ data: null }, "data"],
    [{ "public-url": true }, "public_url"],
  ])("can't be %j in the file, which is told with exit code 2", (content, key) => {
    const path = config(content);
    const fault = faultOf(["--config", path]);
    expect(fault).toMatchObject({ code: "relay.config", exitCode: 2 });
    expect(fault.message).toContain(path);
    expect(fault.message).toContain(key);
  });

  it.each([
    ["nothing", ""],
    ["no JSON", "listen = 1"],
    ["a list", "[]"],
    ["a string", '"127.0.0.1:1"'],
  ])("can't be read from a file that holds %s", (_what, content) => {
    const path = config(content);
    const fault = faultOf(["--config", path]);
    expect(fault.code).toBe("relay.config");
    expect(fault.message).toContain(path);
    expect(fault.message, "one line").not.toContain("\n");
  });

  it("can't be read from a file that is not there", () => {
    const missing = join(directory, "missing.json");
    const fault = faultOf(["--config", missing]);
    expect(fault.code).toBe("relay.config");
    expect(fault.message).toContain(missing);
  });
});

function read(args: readonly string[]): RelayOptions {
  let options: RelayOptions | undefined;
  relayCommand()
    .exitOverride()
    .action((given: Record<string, unknown>) => {
      options = relayOptions(given);
    })
    .parse(args, { from: "user" });
  if (options === undefined) throw new Error("the command did not run");
  return options;
}

function faultOf(args: readonly string[]): Fault {
  try {
    read(args);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
