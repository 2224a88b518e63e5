import { pino } from "pino";
import { Fault } from "../shared/fault.ts";
import { relayOptions } from "./options.ts";
import { createRelay, type Serve, type Server } from "./relay.ts";

/**
 * Runs a relay until the process is told to end: cleanly at the first SIGINT or SIGTERM, at once at the second.
 *
 * @param given the options as commander read them
 */
export async function runRelay(given: Readonly<Record<string, unknown>>, serve: Serve): Promise<void> {
  const options = relayOptions(given);
  const log = pino(
    { base: null, level: process.env["LANEWAY_LOG_LEVEL"] ?? "info" },
    pino.destination({ dest: 2, sync: true }),
  );
  const relay = await createRelay(options, log);
  let server: Server;
  try {
    server = await serve(relay, options);
  } catch (error) {
    relay.close();
    throw listenFault(error, `${options.hostname}:${options.port}`);
  }
  process.stdout.write(
    options.json ? listening(server.url, relay.adminTokenFile) : greeting(server.url, relay.adminTokenFile),
  );
  await new Promise<void>((resolve) => {
    let signals = 0;
    const end = () => {
      signals++;
      if (signals > 1) process.exit(1);
      resolve();
    };
    process.on("SIGINT", end);
    process.on("SIGTERM", end);
  });
  relay.close();
  await server.close();
}

function listening(url: string, adminTokenFile: string): string {
  return `${JSON.stringify({ event: "listening", url, admin_token_file: adminTokenFile })}\n`;
}

function greeting(url: string, adminTokenFile: string): string {
  return `Relay listening on ${url}

To put a machine on the network 'lan', make a token for it here:
  npx laneway token create --relay ${url} --admin-token-file ${adminTokenFile}
and use it there, as root:
  npx laneway up lan --relay ${url} --token TOKEN --address 10.20.0.1/24
`;
}

function listenFault(error: unknown, address: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const hints: Readonly<Record<string, string>> = {
    EADDRINUSE: "Something listens there already: end it, or choose another port with --listen.",
    EACCES:
      "Ports below 1024 need root or CAP_NET_BIND_SERVICE: grant it, or choose another port with --listen.",
    EADDRNOTAVAIL: "This machine has no such address: choose one that it has with --listen.",
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
