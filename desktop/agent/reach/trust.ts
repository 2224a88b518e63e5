/** Which authorities are trusted for a relay's or a proxy's certificate. */
import { X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { createSecureContext, getCACertificates, rootCertificates, type SecureContext } from "node:tls";
import { type Fault, usage } from "../../../shared/values/fault.ts";

/**
 * Where Linux systems keep all of theirs in one file: Debian and Alpine, Fedora, openSUSE. Node asks OpenSSL, which was
 * built with directories of its own and may look elsewhere.
 */
const BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
];

/** Contexts that are kept: one takes a quarter of a second to make. */
const MAX_CONTEXTS = 16;
const contexts = new Map<string, SecureContext>();

/**
 * Returns what TLS is opened with: trusted are the authorities that Node brings, those of NODE_EXTRA_CA_CERTS, those of the
 * system's store, and these. An authority that is added to the system's bundle is trusted from the next connection on.
 *
 * @param ca certificates in PEM
 */
export function trusting(ca = ""): SecureContext {
  const files = [...BUNDLES, ...(process.env["SSL_CERT_FILE"] ? [process.env["SSL_CERT_FILE"]] : [])];
  const key = [...files.map(modified), ca].join("\n");
  const known = contexts.get(key);
  if (known !== undefined) return known;
  const certificates = new Set([...own(), ...files.flatMap(readBundle), ...readCertificates(ca)]);
  // Trust in an authority below the root is enough, as it is for curl: a company's store may have no more.
  const context = createSecureContext({ ca: [...certificates], allowPartialTrustChain: true });
  if (contexts.size >= MAX_CONTEXTS) contexts.clear();
  contexts.set(key, context);
  return context;
}

/** Returns the certificates in a text, without what only looks like one: it would spoil all others. */
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

/** @param what it was read from */
export function noCertificate(what: string): Fault {
  return usage(
    "usage.ca",
    `there is no certificate in ${what}`,
    "Name a file of certificates in PEM, each between BEGIN CERTIFICATE and END CERTIFICATE.",
  );
}

/** As Node has them. A runtime that can't ask the system, as in some packages, has the bundles all the same. */
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

/** Changes when the file does. */
function modified(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true });
  return stat === undefined ? "" : `${stat.ino}.${stat.mtimeNs}`;
}
