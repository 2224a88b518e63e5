import { setTimeout as delay } from "node:timers/promises";
import { Fault } from "../../shared/values/fault.ts";
import type { Star } from "./star.ts";

/** Number of attempts to connect, because the server takes a moment to listen. */
const ATTEMPTS = 50;
const ATTEMPT_MS = 100;
/** Milliseconds that a run may take beyond its own time: a full line delays its end. */
const GRACE_MS = 20_000;

/** The fields of iperf3's report that the benchmark reads. */
interface Report {
  readonly error?: string;
  readonly end?: {
    readonly sum_received?: { readonly bits_per_second: number; readonly bytes: number };
    readonly sum_sent?: { readonly retransmits: number };
    readonly sum?: { readonly packets: number; readonly lost_packets: number; readonly seconds: number };
  };
}

export interface Transfer {
  readonly gbps: number;
  /** Received payload, in 10^9 bits. */
  readonly gbit: number;
  readonly retransmits: number;
}

export interface Packets {
  readonly sentPerSecond: number;
  readonly arrivedPerSecond: number;
}

/** Loads the path from `a` to `b` with iperf3, with a new server for each run. */
export class Iperf {
  readonly #star: Star;
  readonly #target: string;
  readonly #signal: AbortSignal;

  /** @param target the address at which `a` reaches `b` */
  constructor(star: Star, target: string, signal: AbortSignal) {
    this.#star = star;
    this.#target = target;
    this.#signal = signal;
  }

  async tcp(seconds: number, streams: number): Promise<Transfer> {
    const { sum_received, sum_sent } = await this.#run(seconds, ["--parallel", String(streams)]);
    if (sum_received === undefined || sum_sent === undefined) throw failed("it tells of no bytes");
    return {
      gbps: sum_received.bits_per_second / 1e9,
      gbit: (sum_received.bytes * 8) / 1e9,
      retransmits: sum_sent.retransmits,
    };
  }

  /**
   * @param rate bits per second to send, with iperf3's suffixes; 0 is unlimited
   * @param bytes payload of a packet
   */
  async udp(seconds: number, rate: string, bytes: number): Promise<Packets> {
    const { sum } = await this.#run(seconds, ["--udp", "--bitrate", rate, "--length", String(bytes)]);
    if (sum === undefined || sum.packets === 0) throw failed("it tells of no packets");
    return {
      sentPerSecond: sum.packets / sum.seconds,
      arrivedPerSecond: (sum.packets - sum.lost_packets) / sum.seconds,
    };
  }

  async #run(seconds: number, args: readonly string[]): Promise<NonNullable<Report["end"]>> {
    const server = this.#star.start(this.#star.b.host, "iperf3", ["--server"]);
    try {
      const client = ["--client", this.#target, "--time", String(seconds), "--json"];
      const timeout = seconds * 1_000 + GRACE_MS;
      for (let attempt = 1; ; attempt++) {
        const options = { signal: this.#signal, timeout };
        const { stdout } = await this.#star.a.host.exec("iperf3", [...client, ...args], options);
        const { end, error } = parse(stdout);
        if (error === undefined && end !== undefined) return end;
        if (attempt === ATTEMPTS || !/unable to connect/.test(error ?? ""))
          throw failed(error ?? "no report");
        await delay(ATTEMPT_MS, undefined, { signal: this.#signal });
      }
    } finally {
      server.kill("SIGKILL");
    }
  }
}

function parse(stdout: string): Report {
  try {
    return JSON.parse(stdout) as Report;
  } catch {
    return {};
  }
}

function failed(why: string): Fault {
  return new Fault({
    code: "bench.iperf",
    message: `iperf3 measured nothing: ${why}`,
    hint: "try again when this machine is less busy",
  });
}
