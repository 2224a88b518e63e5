import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeCertificate } from "../../../support/relay/certificate.ts";
import {
  BROADCAST,
  ethernet,
  packet,
  payloadOf,
  station,
  TunnelClient,
} from "../../../support/relay/client.ts";
import { RelayProcess, type Runtime, temporaryDirectory } from "../../../support/relay/relay-process.ts";
import { underEachRuntime } from "../../../support/relay/runtimes.ts";
import { requires } from "../../../support/requirements.ts";

const WAIT = { timeout: 40_000, interval: 100 };

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A lineage as certbot keeps it: `live/` has symbolic links to one issue's files in `archive/`. */
class Lineage {
  readonly cert = join(directory, "live", "cert.pem");
  readonly key = join(directory, "live", "key.pem");
  #issues = 0;

  constructor() {
    mkdirSync(join(directory, "live"));
    this.issue();
    this.link("cert", 1);
    this.link("key", 1);
  }

  /** Creates a pair with a new key in `archive/`. @returns its number */
  issue(): number {
    this.#issues++;
    const folder = this.#folder(this.#issues);
    mkdirSync(folder, { recursive: true });
    makeCertificate(folder);
    return this.#issues;
  }

  /** Points one of the files in `live/` at an issue. */
  link(which: "cert" | "key", issue: number): void {
    const target = join(directory, "live", `${which}.pem`);
    symlinkSync(join(this.#folder(issue), `${which}.pem`), `${target}.new`);
    renameSync(`${target}.new`, target);
  }

  pem(issue: number): string {
    return readFileSync(join(this.#folder(issue), "cert.pem"), "utf8");
  }

  get options(): string[] {
    return ["--tls-cert", this.cert, "--tls-key", this.key];
  }

  #folder(issue: number): string {
    return join(directory, "archive", String(issue));
  }
}

/** Returns the certificate of a new handshake, as PEM. */
async function served(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
    const base64 = socket.getPeerCertificate().raw.toString("base64");
    const lines = base64.match(/.{1,64}/g) ?? [];
    resolve(`-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`);
  });
  socket.once("error", reject);
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

/** Starts a relay with TLS, and two tunnels on one of its networks. */
async function withTunnels(runtime: Runtime, lineage: Lineage) {
  const data = join(directory, "data");
  // Administered over plain HTTP first, because fetch would not trust this certificate.
  await using plain = await RelayProcess.start(runtime, { data });
  const { token, vni } = await plain.network();
  await plain.stop();
  const relay = await RelayProcess.start(runtime, { data, args: lineage.options });
  const tunnel = () => TunnelClient.joined(relay.url, token, vni, { insecure: true });
  const [one, other] = [await tunnel(), await tunnel()];
  return {
    relay,
    /** Passes a frame between the two tunnels, which have been open since the beginning. */
    async pass(text: string): Promise<string> {
      await one.send(packet(vni, ethernet(BROADCAST, station(1), text)));
      return payloadOf(await other.frame());
    },
    async [Symbol.asyncDispose]() {
      for (const each of [one, other, relay]) await each[Symbol.asyncDispose]();
    },
  };
}

describe.runIf(requires("openssl"))("a renewed certificate", () => {
  underEachRuntime("a relay with TLS", (runtime) => {
    it("serves it without a signal once both symbolic links lead to it, and cuts no tunnel", async () => {
      const lineage = new Lineage();
      await using running = await withTunnels(runtime, lineage);
      const { url } = running.relay;
      expect(await served(url)).toBe(lineage.pem(1));

      const renewed = lineage.issue();
      lineage.link("cert", renewed);
      lineage.link("key", renewed);

      await vi.waitUntil(async () => (await served(url)) === lineage.pem(renewed), WAIT);
      expect(await running.pass("after the renewal")).toBe("after the renewal");
    });

    it("serves one written over the old file without a signal", async () => {
      const { cert, key } = makeCertificate(directory);
      await using relay = await RelayProcess.start(runtime, {
        args: ["--tls-cert", cert, "--tls-key", key],
      });
      const before = await served(relay.url);
      makeCertificate(directory);
      const after = readFileSync(cert, "utf8");
      expect(after).not.toBe(before);
      await vi.waitUntil(async () => (await served(relay.url)) === after, WAIT);
    });

    it("reads it on SIGHUP, and goes on", async () => {
      const lineage = new Lineage();
      await using running = await withTunnels(runtime, lineage);
      const { relay } = running;
      const renewed = lineage.issue();
      lineage.link("cert", renewed);
      lineage.link("key", renewed);
      relay.signal("SIGHUP");
      await vi.waitUntil(async () => (await served(relay.url)) === lineage.pem(renewed), WAIT);
      relay.signal("SIGHUP");
      expect(await running.pass("after SIGHUP")).toBe("after SIGHUP");
      const { code, stderr } = await relay.stop();
      expect({ code, lines: stderr.match(/a renewed certificate is in use/g)?.length }).toEqual({
        code: 0,
        lines: 1,
      });
    });

    it.each<{ what: string; spoil: (lineage: Lineage) => void; says: string }>([
      {
        what: "its key is another's",
        spoil: (lineage) => lineage.link("cert", lineage.issue()),
        says: "does not belong to the certificate",
      },
      {
        what: "it is no certificate",
        spoil: (lineage) => {
          rmSync(lineage.cert);
          writeFileSync(lineage.cert, "not a certificate\n");
        },
        says: "is not what it should be",
      },
      {
        what: "the rest of its chain is broken",
        spoil: (lineage) => {
          const block = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
          copyFileSync(lineage.cert, `${lineage.cert}.new`);
          appendFileSync(`${lineage.cert}.new`, block);
          renameSync(`${lineage.cert}.new`, lineage.cert);
        },
        says: "is not what it should be",
      },
      { what: "it is gone", spoil: (lineage) => rmSync(lineage.cert), says: "can't be read" },
    ])("refuses it with a line in the log if $what, and serves the old one", async ({ spoil, says }) => {
      const lineage = new Lineage();
      await using running = await withTunnels(runtime, lineage);
      const { relay } = running;
      spoil(lineage);
      relay.signal("SIGHUP");
      expect(await running.pass("still here")).toBe("still here");
      expect(await served(relay.url)).toBe(lineage.pem(1));
      // A later renewal is served, so the refusal came before it.
      const good = lineage.issue();
      lineage.link("key", good);
      lineage.link("cert", good);
      await vi.waitUntil(async () => (await served(relay.url)) === lineage.pem(good), WAIT);
      const { stderr } = await relay.stop();
      expect(stderr).toContain("so the one in use stays");
      expect(stderr).toContain(says);
    });
  });
});

underEachRuntime("a relay without TLS", (runtime) => {
  it("goes on after SIGHUP", async () => {
    await using relay = await RelayProcess.start(runtime);
    relay.signal("SIGHUP");
    await relay.must("GET", "/tenants");
    expect((await relay.stop()).code).toBe(0);
  });
});
