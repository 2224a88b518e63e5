import { closeSync, openSync } from "node:fs";
import { isatty } from "node:tty";
import { pino } from "pino";
import { Fault } from "../shared/values/fault.ts";
import { CertificateWatch } from "./certificate.ts";
import { greeting, ownAddress, withOwnAddress } from "./first-start/greeting.ts";
import { relayOptions } from "./options.ts";
import { createRelay, type Serve, type Server } from "./relay.ts";

/** Maximum size of the log that waits while it cannot be written, in bytes. */
const UNWRITTEN_LOG_BYTES = 1_048_576;

/**
 * Runs a relay until a signal ends it: cleanly at the first SIGINT or SIGTERM, at once at the second. SIGHUP reloads
 * the certificate.
 *
 * @param given the options as parsed by commander
 */
export async function runRelay(given: Readonly<Record<string, unknown>>, serve: Serve): Promise<void> {
  let watch: CertificateWatch | undefined;
  const told = untilTold(() => watch?.reload());
  // Only the owner may read the relay's files.
  process.umask(0o077);
  const options = relayOptions(given);
  const destination = pino.destination({ dest: 2, sync: true, maxLength: UNWRITTEN_LOG_BYTES });
  const log = pino({ base: null, level: process.env["LANEWAY_LOG_LEVEL"] ?? "info" }, destination);
  // A full disk or a closed pipe must not end the relay. Unwritten log lines wait, or are dropped.
  destination.on("error", () => {});
  process.stdout.on("error", () => {});
  const relay = await createRelay(options, log);
  let server: Server;
  try {
    server = await serve(relay, options);
  } catch (error) {
    relay.drain();
    relay.close();
    throw listenFault(error, `${options.hostname}:${options.port}`);
  }
  if (options.tls !== undefined) {
    const use = server.useCertificate.bind(server);
    watch = new CertificateWatch({ files: options.tls, pair: options.tls, use, log });
  }
  const { url } = server;
  const { adminTokenFile } = relay;
  const base = options.publicUrl?.href.replace(/\/+$/, "") ?? withOwnAddress(url, await ownAddress());
  const first = await relay.firstLinks?.(base);
  process.stdout.write(
    options.json
      ? `${JSON.stringify({
          event: "listening",
          url,
          admin_token_file: adminTokenFile,
          ...(first && { invite: first.invite, sign_in: first.signIn }),
        })}\n`
      : await greeting({ url, base, adminTokenFile, first }),
  );
  await told;
  watch?.close();
  relay.drain();
  await server.close();
  relay.close();
}

/**
 * Resolves at the first signal to end; the second ends the process at once.
 *
 * @param reload called at each SIGHUP, except when the relay's terminal has closed, which ends the relay instead
 */
function untilTold(reload: () => void): Promise<void> {
  const inTerminal = isatty(1) || isatty(2);
  return new Promise((resolve) => {
    let signals = 0;
    const end = () => {
      signals++;
      if (signals > 1) process.exit(1);
      resolve();
    };
    process.on("SIGINT", end);
    process.on("SIGTERM", end);
    process.on("SIGHUP", () => (inTerminal && !hasTerminal() ? end() : reload()));
  });
}

/** Returns whether the process still has a controlling terminal. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}

function listenFault(error: unknown, address: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const hints: Readonly<Record<string, string>> = {
    EADDRINUSE: "Something listens there already: end it, or choose another port with --listen.",
    EACCES:
      "Ports below 1024 need root or CAP_NET_BIND_SERVICE: grant it, or choose another port with --listen.",
    EADDRNOTAVAIL: "This machine has no such address: choose one that it has with --listen.",
    EAI_AGAIN: "This name does not resolve: choose an address of this machine with --listen.",
    ENOTFOUND: "This name does not resolve: choose an address of this machine with --listen.",
  };
  const hint = hints[code ?? ""];
  if (hint === undefined) return error;
  return new Fault({
    code: "relay.listen",
    message: `can't listen on ${address} (${code})`,
    hint,
    cause: error,
  });
}
