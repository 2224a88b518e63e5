/** The relay's certificate and key: read from their files, and read again when they are renewed. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { Logger } from "pino";
import { Fault } from "../shared/values/fault.ts";

/** Paths of two PEM files: a certificate chain, and the private key of its first certificate. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** What the files held when they were read, as PEM. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** Between two looks at the files, in milliseconds. A change is served after two looks at most, which find the same. */
const POLL_MS = 1_500;

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Reads a certificate chain and its key, and checks that they belong together.
 *
 * @throws Fault `relay.tls` where a file can't be read, is no PEM, or belongs to another
 */
export function readCertificate({ certFile, keyFile }: CertificateFiles): CertificatePair {
  const cert = readPem(certFile);
  const key = readPem(keyFile);
  const [own] = parsePem(certFile, () =>
    // Every certificate of the chain, because a runtime may find only at the next handshake that one is broken. A file
    // without any is parsed as it is, for the error.
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
  /** What the server has now. */
  readonly pair: CertificatePair;
  /** Has the server use another pair from its next handshake on. */
  readonly use: (pair: CertificatePair) => void;
  readonly log: Logger;
}

/**
 * Reads the files again when they change, and when told to. A pair that can't be used is refused with a line in the log, and
 * the one in use stays.
 *
 * Looks at the files by `stat` every few seconds. Notifications of the kernel are tied to an inode, so they miss what renewal
 * does: certbot swaps symbolic links to other files, Kubernetes one to a directory further up, and network file systems
 * notify of nothing that another machine did.
 */
export class CertificateWatch {
  readonly #options: CertificateWatchOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  #pair: CertificatePair;
  /** The state of the files when they were last read, and when they were last looked at. */
  #read: string | undefined;
  #seen: string | undefined;

  constructor(options: CertificateWatchOptions) {
    this.#options = options;
    this.#pair = options.pair;
    // `#read` is not set, so the first look reads them: they may have changed since the pair was read.
    this.#timer = setInterval(() => this.#look(), POLL_MS);
    this.#timer.unref();
  }

  /** Reads the files now. Never throws: what is wrong with them is logged. */
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

  /** Reads what has changed once it stays as it is, because the two files are written one after the other. */
  #look(): void {
    const state = stateOf(this.#options.files);
    const isSettled = state === this.#seen;
    this.#seen = state;
    if (isSettled && state !== this.#read) this.reload();
  }
}

/** What tells a file from an earlier one under the same name; symbolic links are followed. */
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
