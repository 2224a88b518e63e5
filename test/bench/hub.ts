import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Host } from "../../desktop/demo/lab/host.ts";
import { type JsonLine, JsonProcess } from "../../desktop/demo/lab/json-process.ts";
import { Lab } from "../../desktop/demo/lab/lab.ts";
import { type Machine, type RunningRelay, text } from "../../desktop/demo/lab/laneway.ts";
import { cpuSeconds, residentBytes } from "./machine/processes.ts";
import { laneway } from "./overlays/laneway.ts";
import { median } from "./results/quantile.ts";
import type { BroadcastResult, Delays, HubResult, StalledResult } from "./results/results.ts";
import type { MeasureOptions } from "./systems.ts";

const MEMBERS = 100;
/** Single broadcasts, as of a discovery protocol, and batches, as of a stream. */
const BATCHES = [1, 64];
const FIRST_SESSIONS = 100;
const SESSIONS = 10_000;
/** File descriptors for a relay with so many sessions, with a margin. */
const FILES = 20_000;
const OPENING_MS = 120_000;
/** Milliseconds that a relay has to collect its garbage after opening sessions. */
const SETTLE_MS = 5_000;
const READING_SECONDS = 5;
const SAMPLE_MS = 50;
/** Number of memory samples for a median: the last second's. */
const SAMPLES = 20;

export interface HubOptions extends MeasureOptions {
  /** Seconds for which the receiver reads nothing. */
  readonly stalledSeconds: number;
}

/** Measures one relay with plain clients on its own loopback, in a namespace of its own. */
export async function measureHub(options: HubOptions): Promise<HubResult> {
  const { signal, say } = options;
  await using lab = await Lab.create({ signal });
  const bench = new HubBench(lab, options);
  const broadcast: BroadcastResult[] = [];
  for (const batch of BATCHES) {
    say(`a broadcast to ${MEMBERS} members, ${batch} in a message`);
    broadcast.push(await bench.broadcast(batch));
  }
  say(`${SESSIONS} idle sessions`);
  const idle = await bench.idle();
  say(`a receiver that stops reading for ${options.stalledSeconds} s`);
  const stalled = await bench.stalled();
  return { broadcast, idle, stalled };
}

class HubBench {
  readonly #lab: Lab;
  readonly #options: HubOptions;
  /** The lab's host, with a raised limit of open files. */
  readonly #machine: Machine;

  constructor(lab: Lab, options: HubOptions) {
    this.#lab = lab;
    this.#options = options;
    this.#machine = withFiles(lab.wan);
  }

  async broadcast(batch: number): Promise<BroadcastResult> {
    const { seconds, quiet, signal } = this.#options;
    const relay = await this.#relay();
    await using _relay = relay.process;
    const token = await this.#token(relay);
    // The only sender exceeds any storm limit.
    await this.#administer(relay, ["network", "set", "lan", "storm-broadcast=0"]);
    await using load = this.#load("broadcast", relay.url, token, MEMBERS, batch, seconds);
    await load.event("ready", { signal });
    const relayPid = pidOf(relay.process);
    const loadPid = pidOf(load);
    const { value, foreign } = await quiet.measureOnce([relayPid, loadPid], async () => {
      load.child.stdin?.end();
      await load.event("begin", { signal });
      const [relayCpu, readersCpu] = [cpuSeconds([relayPid]), cpuSeconds([loadPid])];
      const end = await load.event("end", { signal, timeout: seconds * 1_000 + 30_000 });
      return {
        perSecond: Number(end["perSecond"]),
        relayCpu: cpuSeconds([relayPid]) - relayCpu,
        readersCpu: cpuSeconds([loadPid]) - readersCpu,
      };
    });
    return {
      members: MEMBERS,
      batch,
      deliveriesPerSecond: value.perSecond,
      relayCpu: value.relayCpu / seconds,
      readersCpu: value.readersCpu / seconds,
      foreign,
    };
  }

  async idle(): Promise<HubResult["idle"]> {
    const { signal } = this.#options;
    const relay = await this.#relay();
    await using _relay = relay.process;
    await using load = this.#load("idle", relay.url, relay.adminTokenFile, FIRST_SESSIONS, SESSIONS);
    await load.event("first", { signal });
    const before = await this.#settledMemory(relay);
    load.child.stdin?.end();
    await load.event("open", { signal, timeout: OPENING_MS });
    const after = await this.#settledMemory(relay);
    return { sessions: SESSIONS, kibEach: (after - before) / 1_024 / (SESSIONS - FIRST_SESSIONS) };
  }

  async stalled(): Promise<StalledResult> {
    const { signal, stalledSeconds } = this.#options;
    const relay = await this.#relay();
    await using _relay = relay.process;
    const token = await this.#token(relay);
    await using beside = this.#load("beside", relay.url, token);
    await beside.event("ready", { signal });
    const atRest = await this.#settledMemory(relay);
    await using load = this.#load("stalled", relay.url, token, READING_SECONDS, stalledSeconds);
    await load.event("reading", { signal });
    const samples: number[] = [];
    const sampler = setInterval(() => samples.push(residentBytes(pidOf(relay.process))), SAMPLE_MS);
    try {
      await this.#interval(beside); // Discards the interval before the load.
      await load.event("stopped", { signal });
      const before = samples.splice(0);
      const besideBefore = await this.#interval(beside);
      await load.event("end", { signal, timeout: stalledSeconds * 1_000 + 30_000 });
      const besideAfter = await this.#interval(beside);
      const mib = (bytes: number) => bytes / 1_048_576;
      return {
        seconds: stalledSeconds,
        atRestMib: mib(atRest),
        beforeMib: mib(median(before.slice(-SAMPLES))),
        afterMib: mib(median(samples.slice(-SAMPLES))),
        mostMib: mib(Math.max(...samples)),
        beside: { before: besideBefore, after: besideAfter },
      };
    } finally {
      clearInterval(sampler);
    }
  }

  async #relay(): Promise<RunningRelay> {
    const data = await mkdtemp(join(this.#lab.directory, "relay-"));
    const { signal } = this.#options;
    return laneway.startRelay(this.#machine, ["--listen", "127.0.0.1:0", "--data", data], { signal });
  }

  async #token(relay: RunningRelay): Promise<string> {
    return text(await this.#administer(relay, ["token", "create"]), "token");
  }

  /** @returns the JSON output of the command */
  #administer({ url, adminTokenFile }: RunningRelay, command: readonly string[]): Promise<JsonLine> {
    const admin = ["--relay", url, "--admin-token-file", adminTokenFile];
    return laneway.create(this.#machine, [...command, ...admin], { signal: this.#options.signal });
  }

  /** Starts a program of `load/`. */
  #load(name: string, ...args: readonly (string | number)[]): JsonProcess {
    const program = join(import.meta.dirname, "load", `${name}.ts`);
    const child = this.#machine.spawn(process.execPath, [program, ...args.map(String)], { stdio: "pipe" });
    return new JsonProcess(child, `the load ${name}`);
  }

  async #interval(beside: JsonProcess): Promise<Delays> {
    const from = beside.lines.length;
    beside.child.stdin?.write("\n");
    const line = await beside.event("interval", { signal: this.#options.signal, from });
    const number = (field: string) => Number(line[field]);
    return {
      sent: number("sent"),
      arrived: number("arrived"),
      medianMs: number("medianMs"),
      p99Ms: number("p99Ms"),
    };
  }

  async #settledMemory(relay: RunningRelay): Promise<number> {
    await delay(SETTLE_MS, undefined, { signal: this.#options.signal });
    return residentBytes(pidOf(relay.process));
  }
}

function withFiles(host: Host): Machine {
  const limited = (command: string, args: readonly string[]) => [`--nofile=${FILES}`, command, ...args];
  return {
    exec: (command, args = [], options) => host.exec("prlimit", limited(command, args), options),
    spawn: (command, args = [], options) => host.spawn("prlimit", limited(command, args), options),
  };
}

function pidOf({ child }: JsonProcess): number {
  if (child.pid === undefined) throw new Error("it did not start");
  return child.pid;
}
