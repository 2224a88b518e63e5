/** Authorities trusted for the certificate of a relay or a proxy. */
import { X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { createSecureContext, getCACertificates, rootCertificates, type SecureContext } from "node:tls";
import { type Fault, usage } from "../../../shared/values/fault.ts";

/**
 * Bundles of all authorities on Linux: Debian and Alpine, Fedora, openSUSE. Node asks OpenSSL, whose compiled-in
 * directories may be elsewhere.
 */
const BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
];

/** Maximum cached contexts: creating one takes a quarter of a second. */
const MAX_CONTEXTS = 16;
const contexts = new Map<string, SecureContext>();

/**
 * Returns the TLS context. It trusts Node's own authorities, those of NODE_EXTRA_CA_CERTS, those of the system's store,
 * and `ca`. An authority that is added to the system's bundle is trusted from the next connection on.
 *
 * @param ca certificates in PEM
 */
export function trusting(ca = ""): SecureContext {
  const files = [...BUNDLES, ...(process.env["SSL_CERT_FILE"] ? [process.env["SSL_CERT_FILE"]] : [])];
  const key = [...files.map(modified), ca].join("\n");
  const known = contexts.get(key);
  if (known !== undefined) return known;
  const certificates = new Set([...own(), ...files.flatMap(readBundle), ...readCertificates(ca)]);
  // As with curl, trust in an intermediate authority is enough: a company's store may contain no root.
  const context = createSecureContext({ ca: [...certificates], allowPartialTrustChain: true });
  if (contexts.size >= MAX_CONTEXTS) contexts.clear();
  contexts.set(key, context);
  return context;
}

/** Returns the certificates in a text, without invalid ones, which would make all others unusable. */
export function readCertificates(pem: string): string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.filter((block) => {
    try {
      return new X509Certificate(block).raw.length > 0;
    } catch {
      return false;
    }
  });
}

/** @param what the source of the text */
export function noCertificate(what: string): Fault {
  return usage(
    "usage.ca",
    `there is no certificate in ${what}`,
    "Name a file of certificates in PEM, each between BEGIN CERTIFICATE and END CERTIFICATE.",
  );
}

/** Returns Node's list. A runtime that can't ask the system, as in some packages, still has the bundles. */
function own(): readonly string[] {
  if (typeof getCACertificates !== "function") return rootCertificates;
  return [...getCACertificates("default"), ...getCACertificates("system")];
}

function readBundle(file: string): string[] {
  try {
    return readCertificates(readFileSync(file, "utf8"));
  } catch {
    return [];
  }
}

/** Returns a value that changes when the file does. */
function modified(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true });
  return stat === undefined ? "" : `${stat.ino}.${stat.mtimeNs}`;
}
