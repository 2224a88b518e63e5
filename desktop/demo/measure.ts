// Measurements on the hosts, with common tools.
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { Host } from "./lab/host.ts";

const POLL_MS = 100;
const READY_MS = 10_000;

type Options = { signal: AbortSignal };

/** Pings sent and answered, and round-trip times in milliseconds; undefined without an answer. */
export type PingResult = {
  sent: number;
  received: number;
  roundTrip: { minimum: number; average: number; maximum: number } | undefined;
};

/**
 * Pings an address every 100 ms until `count` answers have come, for at most `seconds`; without answers it takes that
 * long.
 */
export async function ping(
  host: Host,
  address: string,
  options: Options & { count: number; seconds: number; interface?: string },
): Promise<PingResult> {
  const from = options.interface ? ["-I", options.interface] : [];
  const limits = ["-c", String(options.count), "-w", String(options.seconds)];
  const args = ["-n", "-i", "0.1", ...limits, ...from, address];
  const { stdout } = await host.exec("ping", args, { signal: options.signal, env: { LC_ALL: "C" } });
  return parsePing(stdout);
}

/** Parses the last lines of iputils' ping. */
export function parsePing(stdout: string): PingResult {
  const counts = stdout.match(/(\d+) packets transmitted, (\d+) received/);
  const times = stdout.match(/rtt min\/avg\/max\/mdev = ([\d.]+)\/([\d.]+)\/([\d.]+)\//);
  const [minimum, average, maximum] = (times ?? []).slice(1).map(Number);
  return {
    sent: Number(counts?.[1] ?? 0),
    received: Number(counts?.[2] ?? 0),
    roundTrip:
      minimum === undefined || average === undefined || maximum === undefined
        ? undefined
        : { minimum, average, maximum },
  };
}

/** Returns the MAC address that ARP found for an IPv4 address on an interface, or undefined without an answer. */
export async function neighbour(
  host: Host,
  device: string,
  address: string,
  options: Options,
): Promise<string | undefined> {
  const json = await host.mustExec("ip", ["-json", "neigh", "show", address, "dev", device], options);
  const [entry] = JSON.parse(json || "[]") as { lladdr?: string }[];
  return entry?.lladdr;
}

/** Returns the number of frames that an interface has received: for a TAP, those from the segment. */
export async function receivedFrames(host: Host, device: string, options: Options): Promise<number> {
  const path = `/sys/class/net/${device}/statistics/rx_packets`;
  return Number(await host.mustExec("cat", [path], options));
}

/** Returns an interface's link-local IPv6 address, once duplicate address detection is done (RFC 4862 section 5.4). */
export async function linkLocal(host: Host, device: string, options: Options): Promise<string> {
  const args = ["-json", "-6", "address", "show", "dev", device, "scope", "link"];
  for (const deadline = Date.now() + READY_MS; Date.now() < deadline; ) {
    const json = await host.mustExec("ip", args, options);
    const [link] = JSON.parse(json || "[]") as { addr_info?: { local?: string; tentative?: boolean }[] }[];
    const address = link?.addr_info?.find((one) => one.local !== undefined && one.tentative !== true);
    if (address?.local !== undefined) return address.local;
    await delay(POLL_MS, undefined, options);
  }
  throw new Error(`${device} of ${host.name} got no link-local IPv6 address`);
}

/** Bits per second that arrived, total bytes, and TCP retransmits. */
export type Transfer = { bitsPerSecond: number; bytes: number; retransmits: number };

/** Runs a TCP transfer with iperf3 from one host to another, at `address` there. */
export async function transfer(
  from: Host,
  to: Host,
  address: string,
  options: Options & { seconds: number },
): Promise<Transfer> {
  const { signal } = options;
  const server = to.spawn("iperf3", ["--server", "--one-off", "--forceflush", "--bind", address], {
    stdio: ["ignore", "pipe", "ignore"],
    signal,
  });
  // The code below reports an abort.
  server.on("error", () => {});
  try {
    await lineThat(server.stdout, /listening/i, signal);
    const args = ["--client", address, "--time", String(options.seconds), "--json"];
    const { stdout } = await from.exec("iperf3", args, { signal });
    return parseTransfer(stdout);
  } finally {
    server.kill();
  }
}

/** Parses the report of an iperf3 client. */
export function parseTransfer(json: string): Transfer {
  const report = JSON.parse(json) as {
    error?: string;
    end?: {
      sum_sent?: { retransmits?: number };
      sum_received?: { bits_per_second?: number; bytes?: number };
    };
  };
  if (report.error) throw new Error(`iperf3: ${report.error}`);
  return {
    bitsPerSecond: report.end?.sum_received?.bits_per_second ?? 0,
    bytes: report.end?.sum_received?.bytes ?? 0,
    retransmits: report.end?.sum_sent?.retransmits ?? 0,
  };
}

async function lineThat(
  stream: NodeJS.ReadableStream | null,
  pattern: RegExp,
  signal: AbortSignal,
): Promise<void> {
  if (!stream) throw new Error("a command without standard output was to be read");
  const lines = createInterface({
    input: stream,
    signal: AbortSignal.any([signal, AbortSignal.timeout(READY_MS)]),
  });
  for await (const line of lines) {
    if (pattern.test(line)) return;
  }
  signal.throwIfAborted();
  throw new Error(`nothing like ${pattern} was printed`);
}
