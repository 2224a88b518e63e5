import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { dial } from "../../../../desktop/agent/reach/dial.ts";
import { readCertificates } from "../../../../desktop/agent/reach/trust.ts";
import { Unreachable } from "../../../../desktop/agent/tunnel/tunnel-errors.ts";
import { makeCertificate } from "../../../support/relay/certificate.ts";
import { requires } from "../../../support/requirements.ts";

describe.runIf(requires("openssl"))("the certificate of a relay", () => {
  let directory: string;
  let cert: string;
  let relay: URL;
  let close: () => Promise<void>;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "laneway-trust-"));
    const made = makeCertificate(directory);
    cert = made.cert;
    const server = createServer({ cert: readFileSync(cert), key: readFileSync(made.key) });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    relay = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
    close = async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function outcome(ca?: string): Promise<string> {
    try {
      const socket = await dial(relay, ca === undefined ? {} : { ca }, new AbortController().signal);
      socket.destroy();
      return "trusted";
    } catch (error) {
      return Unreachable.from(relay, error as Error).code;
    }
  }

  it("is trusted only with --ca", async () => {
    expect(await outcome()).toBe("relay.certificate");
    expect(await outcome(readFileSync(cert, "utf8"))).toBe("trusted");
    expect(await outcome()).toBe("relay.certificate");
  });

  it("is trusted as soon as its authority is in the system's bundle", async () => {
    const bundle = join(directory, "bundle.pem");
    vi.stubEnv("SSL_CERT_FILE", bundle);
    expect(await outcome()).toBe("relay.certificate");
    copyFileSync(cert, bundle);
    expect(await outcome()).toBe("trusted");
  });

  it("is checked with the rest of a bundle that contains a damaged certificate", async () => {
    const bundle = join(directory, "bundle.pem");
    const damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    writeFileSync(bundle, `# of a company\n${damaged}${readFileSync(cert, "utf8")}`);
    vi.stubEnv("SSL_CERT_FILE", bundle);
    expect(await outcome()).toBe("trusted");
    expect(readCertificates(readFileSync(bundle, "utf8"))).toHaveLength(1);
    expect(readCertificates(damaged)).toEqual([]);
  });

  it("is trusted by an intermediate authority alone, as with curl", async () => {
    const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: directory, stdio: "pipe" });
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    openssl("req", "-x509", ...key, "-subj", "/CN=root", "-keyout", "root.key", "-out", "root.pem");
    writeFileSync(join(directory, "ca.ext"), "basicConstraints=critical,CA:true");
    openssl("req", ...key, "-subj", "/CN=mid", "-keyout", "mid.key", "-out", "mid.csr");
    openssl(
      "x509",
      "-req",
      "-in",
      "mid.csr",
      "-CA",
      "root.pem",
      "-CAkey",
      "root.key",
      "-extfile",
      "ca.ext",
      "-out",
      "mid.pem",
    );
    writeFileSync(join(directory, "leaf.ext"), "subjectAltName=IP:127.0.0.1");
    openssl("req", ...key, "-subj", "/CN=leaf", "-keyout", "leaf.key", "-out", "leaf.csr");
    openssl(
      "x509",
      "-req",
      "-in",
      "leaf.csr",
      "-CA",
      "mid.pem",
      "-CAkey",
      "mid.key",
      "-extfile",
      "leaf.ext",
      "-out",
      "leaf.pem",
    );
    await close();
    const server = createServer({
      cert: readFileSync(join(directory, "leaf.pem")),
      key: readFileSync(join(directory, "leaf.key")),
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    relay = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
    close = async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    expect(await outcome()).toBe("relay.certificate");
    expect(await outcome(readFileSync(join(directory, "mid.pem"), "utf8"))).toBe("trusted");
  });
});
