// npm run bench: see options.ts for the measurements and docs/performance.md for the results.
import { writeFileSync } from "node:fs";
import { untilSignalled } from "../../desktop/cli/signals.ts";
import { Fault, usage } from "../../shared/values/fault.ts";
import { findCommand } from "../../tools/find-command.ts";
import { measureHub } from "./hub.ts";
import { thisMachine } from "./machine/machine.ts";
import { Quiet } from "./machine/quiet.ts";
import { measureMicro } from "./micro.ts";
import { type BenchOptions, benchOptions, HELP } from "./options.ts";
import type { Overlay } from "./overlay.ts";
import { routed, vxlan } from "./overlays/kernel.ts";
import { byWs, noOffload, plain, tls } from "./overlays/laneway.ts";
import { n2n } from "./overlays/n2n.ts";
import { openvpn } from "./overlays/openvpn.ts";
import { softether } from "./overlays/softether.ts";
import { tinc } from "./overlays/tinc.ts";
import { report } from "./results/report.ts";
import type { Results } from "./results/results.ts";
import { measureStart } from "./start.ts";
import { type MeasureOptions, measureSystems } from "./systems.ts";
import { measureUplink } from "./uplink.ts";

const KERNEL = [routed, vxlan];
const OWN = [plain, noOffload, tls];
const PEERS = [vxlan, softether, openvpn, tinc, n2n];
/** Seconds of one measurement. Queues and leaks take longer to show than throughput. */
const SECONDS = 3;
const LONG_SECONDS = 10;
const COMMANDS = ["ip", "nft", "tc", "ping", "iperf3", "prlimit"];

function chosenPeers(names: readonly string[]): readonly Overlay[] {
  if (names.length === 0) return PEERS;
  return names.map((name) => {
    const peer = PEERS.find((one) => one.name === name);
    if (peer !== undefined) return peer;
    const known = PEERS.map((one) => one.name).join(", ");
    throw usage("usage.bench", `there is no peer '${name}'`, `There are: ${known}.`);
  });
}

function checkMachine(): void {
  const missing = COMMANDS.filter((command) => !findCommand(command));
  if (missing.length === 0) return;
  throw new Fault({
    code: "bench.no-command",
    message: `the benchmark needs what this machine lacks: ${missing.join(", ")}`,
    hint: "install it: apt-get install iproute2 nftables iputils-ping iperf3 util-linux",
  });
}

async function measure(options: BenchOptions, signal: AbortSignal): Promise<Results> {
  const { part, names, repetitions } = options;
  const common = { repetitions, quiet: new Quiet(options.quiet, signal), signal, say };
  const short: MeasureOptions = { ...common, seconds: options.seconds ?? SECONDS };
  const long: MeasureOptions = { ...common, seconds: options.seconds ?? LONG_SECONDS };
  const is = (...parts: readonly BenchOptions["part"][]) => part === "all" || parts.includes(part);
  const peers = chosenPeers(names);
  if (part !== "micro" && part !== "start") checkMachine();

  let results: Results = { machine: thisMachine(short) };
  try {
    if (is(undefined, "micro")) results = { ...results, micro: await measureMicro() };
    if (is("start")) results = { ...results, start: measureStart() };
    const overlays = new Set<Overlay>();
    if (is(undefined, "path")) for (const one of [...KERNEL, ...OWN, byWs]) overlays.add(one);
    if (is("peers")) for (const one of [...OWN, ...peers]) overlays.add(one);
    if (overlays.size > 0) results = { ...results, systems: await measureSystems([...overlays], short) };
    if (is("uplink")) results = { ...results, uplink: await measureUplink([routed, ...OWN], long) };
    if (is("hub"))
      results = { ...results, hub: await measureHub({ ...short, stalledSeconds: long.seconds }) };
  } finally {
    // Prints the results up to the failure, too.
    process.stdout.write(report(results));
    if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
  }
  return results;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function main(args: readonly string[]): Promise<number> {
  const signal = untilSignalled();
  try {
    const options = benchOptions(args);
    if (options === undefined) {
      process.stdout.write(HELP);
      return 0;
    }
    const { systems = [] } = await measure(options, signal);
    return systems.some(({ error }) => error !== undefined && !error.startsWith("skipped")) ? 1 : 0;
  } catch (error) {
    if (signal.aborted) return 130;
    if (!(error instanceof Fault)) throw error;
    say(`bench: ${error.message}\n${error.hint}`);
    return error.exitCode;
  }
}

process.exitCode = await main(process.argv.slice(2));
