/** The relay's certificate and key: read from files, and read again after renewal. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { Logger } from "pino";
import { Fault } from "../shared/values/fault.ts";

/** Paths of two PEM files: a certificate chain, and the private key of its first certificate. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** The content of the files, as PEM. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/**
 * Interval between checks of the files, in milliseconds. The relay serves a change once two checks in a row see the
 * same.
 */
const POLL_MS = 1_500;

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Reads a certificate chain and its key, and checks that they belong together.
 *
 * @throws Fault `relay.tls` if a file is unreadable or no PEM, or if the two do not belong together
 */
export function readCertificate({ certFile, keyFile }: CertificateFiles): CertificatePair {
  const cert = readPem(certFile);
  const key = readPem(keyFile);
  const [own] = parsePem(certFile, () =>
    // Parses every certificate of the chain, because a runtime may notice a broken one only at the next handshake.
    // Without any block, parses the whole file to get the error.
    (cert.match(BLOCK) ?? [cert]).map((block) => new X509Certificate(block)),
  );
  const privateKey = parsePem(keyFile, () => createPrivateKey(key));
  if (own?.checkPrivateKey(privateKey) !== true) {
    throw new Fault({
      code: "relay.tls",
      message: `the private key '${keyFile}' does not belong to the certificate '${certFile}'`,
      hint: "Name the two files that were made together.",
    });
  }
  return { cert, key };
}

export interface CertificateWatchOptions {
  readonly files: CertificateFiles;
  /** The pair that the server uses now. */
  readonly pair: CertificatePair;
  /** Makes the server use another pair from its next handshake on. */
  readonly use: (pair: CertificatePair) => void;
  readonly log: Logger;
}

/**
 * Reads the files again when they change, and on request. If a pair is invalid, logs a warning and keeps the one in
 * use.
 *
 * Polls the files by `stat` every few seconds. Kernel notifications are tied to an inode, so they miss renewals:
 * certbot swaps symbolic links to other files, Kubernetes one to a directory further up, and network file systems do
 * not report changes by other machines.
 */
export class CertificateWatch {
  readonly #options: CertificateWatchOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  #pair: CertificatePair;
  /** The state of the files at the last read, and at the last check. */
  #read: string | undefined;
  #seen: string | undefined;

  constructor(options: CertificateWatchOptions) {
    this.#options = options;
    this.#pair = options.pair;
    // `#read` is unset, so the first check reads the files: they may have changed since the pair was read.
    this.#timer = setInterval(() => this.#look(), POLL_MS);
    this.#timer.unref();
  }

  /** Reads the files now. Never throws; logs errors instead. */
  reload(): void {
    const { files, use, log } = this.#options;
    this.#read = stateOf(files);
    try {
      const pair = readCertificate(files);
      const { validTo, subjectAltName } = new X509Certificate(pair.cert);
      if (pair.cert === this.#pair.cert && pair.key === this.#pair.key) {
        log.debug({ valid_to: validTo }, "the certificate's files hold the one in use");
        return;
      }
      use(pair);
      this.#pair = pair;
      log.info({ valid_to: validTo, names: subjectAltName }, "a renewed certificate is in use");
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      log.warn({ reason: why }, "the certificate on disk can't be used, so the one in use stays");
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Reads changed files only after they have settled, because the two are written one after the other. */
  #look(): void {
    const state = stateOf(this.#options.files);
    const isSettled = state === this.#seen;
    this.#seen = state;
    if (isSettled && state !== this.#read) this.reload();
  }
}

/** Returns a text that changes when a file is replaced or written; follows symbolic links. */
function stateOf({ certFile, keyFile }: CertificateFiles): string {
  return [certFile, keyFile]
    .map((path) => {
      try {
        const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
        return [dev, ino, size, mtimeNs, ctimeNs].join(":");
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? "unreadable";
      }
    })
    .join(" ");
}

function parsePem<Value>(path: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    throw new Fault({
      code: "relay.tls",
      message: `the TLS file '${path}' is not what it should be: ${error instanceof Error ? error.message : error}`,
      hint: "Name PEM files: the certificate chain with --tls-cert, its private key without a password with --tls-key.",
      cause: error,
    });
  }
}

function readPem(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Fault({
      code: "relay.tls",
      message: `the TLS file '${path}' can't be read: ${error instanceof Error ? error.message : error}`,
      hint: "Name a PEM file that this user may read.",
      cause: error,
    });
  }
}
