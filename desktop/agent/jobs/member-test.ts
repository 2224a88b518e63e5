import { randomInt } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { BROADCAST_MAC, parseMac } from "../../../shared/frame/mac.ts";
import { Fault } from "../../../shared/values/fault.ts";
import type { GivenParams } from "../../rpc/schema.ts";
import type { Peer } from "../../rpc/shapes.ts";
import { type Finding, running, toStep } from "../diagnostics/checks.ts";
import { patiently } from "../diagnostics/patience.ts";
import { LAST, PATH_PROBE_GROUP, PROBE_BYTES, type Probe } from "../diagnostics/probe-frame.ts";
import type { Prober } from "../diagnostics/prober.ts";
import type { Job } from "../service/jobs.ts";
import type { ManagedNetwork } from "../service/networks/managed-network.ts";

/** Number of tries, and maximum time for each answer, in milliseconds. */
const TRIES = 4;
const PATIENCE_MS = 1_000;
/** Length of a burst, and maximum time without progress, in milliseconds. */
const BURST_MS = 5_000;
const STALL_MS = 3_000;
/** Frames of a burst in flight at most. */
const WINDOW_FRAMES = 512;
/** Frames of a burst sent in one turn. */
const TURN_FRAMES = 32;

/** The asking machine and the member asked. */
interface Pair {
  readonly prober: Prober;
  readonly peer: Peer;
  /** The member's addresses; the first is used as destination. */
  readonly macs: readonly number[];
  readonly mtu: number;
  readonly job: Job;
}

/**
 * Measures once between this machine and a member, which must run an agent too.
 *
 * @returns whether it passed
 * @throws Fault `network.not-up`, `peer.unknown`, `peer.offline`, `peer.no-answer`; the signal's reason when cancelled
 */
export async function testMember(
  network: ManagedNetwork,
  { kind, vtep }: GivenParams<"test">,
  job: Job,
): Promise<boolean> {
  const pair = pairOf(network, vtep, job);
  job.progress(running(kind, 0));
  const found = await TESTS[kind](pair);
  job.progress(toStep(kind, found));
  return found.state === "pass";
}

/** Returns the member's answer time to a probe, in milliseconds; undefined if it does not answer. */
export async function probeLatency(
  network: ManagedNetwork,
  vtep: string,
  job: Job,
): Promise<number | undefined> {
  const pair = pairOf(network, vtep, job);
  return await echo(pair, firstMac(pair), PROBE_BYTES, 2);
}

const TESTS: Readonly<Record<GivenParams<"test">["kind"], (pair: Pair) => Promise<Finding>>> = {
  broadcast: (pair) => roundTrip(pair, "broadcast", BROADCAST_MAC),
  multicast: (pair) => roundTrip(pair, "multicast", PATH_PROBE_GROUP),
  "path-mtu": pathMtu,
  throughput,
};

function pairOf(network: ManagedNetwork, vtep: string, job: Job): Pair {
  const { local, prober } = network;
  if (local === undefined || prober === undefined) {
    const hint = `Bring it up with 'laneway up ${network.name}'.`;
    throw new Fault({ code: "network.not-up", message: `network '${network.name}' is not up`, hint });
  }
  const peer = network.peers.find(vtep);
  if (peer === undefined) {
    const message = `network '${network.name}' has no member '${vtep}'`;
    throw new Fault({ code: "peer.unknown", message, hint: "List the members with 'laneway peers'." });
  }
  if (!peer.online) {
    const hint = "Start it, or have its network brought up, and try again.";
    throw new Fault({ code: "peer.offline", message: `'${peer.name}' is not on the network now`, hint });
  }
  const macs = peer.macs.flatMap((text) => parseMac(text) ?? []);
  const pair = { prober, peer, macs, mtu: local.offer.mtu, job };
  firstMac(pair);
  return pair;
}

function firstMac(pair: Pair): number {
  const [mac] = pair.macs;
  if (mac === undefined) throw noAnswer(pair);
  return mac;
}

function noAnswer({ peer }: Pair): Fault {
  return new Fault({
    code: "peer.no-answer",
    message: `'${peer.name}' does not answer probes`,
    hint: "It needs an agent of this version, and its network must allow EtherType 0x88b6.",
  });
}

async function roundTrip(pair: Pair, what: string, group: number): Promise<Finding> {
  const ms = await echo(pair, group, PROBE_BYTES, TRIES);
  if (ms !== undefined) {
    return { state: "pass", detail: `${pair.peer.name} answers a ${what}`, value: ms, unit: "ms" };
  }
  // Only this size may fail, or the member may not answer at all.
  if ((await echo(pair, firstMac(pair), PROBE_BYTES, 1)) === undefined) throw noAnswer(pair);
  return {
    state: "fail",
    detail: `${pair.peer.name} answers unicast, but no ${what}`,
    hint: "See what the network's hub drops with 'laneway counters', and its settings with 'laneway network show'.",
  };
}

async function pathMtu(pair: Pair): Promise<Finding> {
  const mac = firstMac(pair);
  const { mtu, peer } = pair;
  if ((await echo(pair, mac, mtu, 2)) !== undefined) {
    return { state: "pass", detail: `full frames pass to ${peer.name} and back`, value: mtu, unit: "bytes" };
  }
  if ((await echo(pair, mac, PROBE_BYTES, TRIES)) === undefined) throw noAnswer(pair);
  let [passes, fails] = [PROBE_BYTES, mtu];
  const rounds = Math.ceil(Math.log2(mtu));
  for (let round = 1; fails - passes > 1; round++) {
    const size = Math.floor((passes + fails) / 2);
    if ((await echo(pair, mac, size, 2)) === undefined) fails = size;
    else passes = size;
    pair.job.progress(running("path-mtu", Math.min(1, round / rounds)));
  }
  return {
    state: "fail",
    detail: `only ${passes} of the network's ${mtu} bytes pass to ${peer.name} and back`,
    hint: "Check the MTU of the interfaces at both ends, with 'ip link'.",
    value: passes,
    unit: "bytes",
  };
}

/** @returns milliseconds until the member's answer of the same size; undefined if no try was answered */
async function echo(pair: Pair, to: number, size: number, tries: number): Promise<number | undefined> {
  const { prober, macs, job } = pair;
  const session = newSession();
  const sentAt: number[] = [];
  const answer = Promise.withResolvers<number>();
  const end = prober.hear(session, (probe, from, size_) => {
    const at = sentAt[probe.sequence];
    if (probe.kind !== "reply" || at === undefined || size_ < size || !macs.includes(from)) return;
    answer.resolve(performance.now() - at);
  });
  try {
    for (let sequence = 0; sequence < tries; sequence++) {
      sentAt.push(performance.now());
      prober.send("echo", session, sequence, to, size);
      const ms = await patiently(PATIENCE_MS, job.cancelled, () => answer.promise);
      if (ms !== undefined) return Math.round(ms * 10) / 10;
    }
    return undefined;
  } finally {
    end();
  }
}

/** Sends as many full frames as pass, with a window, and as counted by the member. */
async function throughput(pair: Pair): Promise<Finding> {
  const { prober, mtu, job, peer } = pair;
  const to = firstMac(pair);
  const session = newSession();
  let sent = 0;
  let report: Probe | undefined;
  let wake = () => {};
  const end = prober.hear(session, (probe, from) => {
    if (probe.kind !== "report" || !pair.macs.includes(from)) return;
    report = probe;
    wake();
  });
  const heard = (ms: number) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    wake = resolve;
    return patiently(ms, job.cancelled, () => promise);
  };
  try {
    const startedAt = performance.now();
    /** Frames that arrived or were given up, and are no longer in flight. */
    let settled = 0;
    let toldAt = startedAt;
    for (;;) {
      const now = performance.now();
      if (now - startedAt >= BURST_MS) break;
      if (now - toldAt >= BURST_MS / 20) {
        job.progress(running("throughput", (now - startedAt) / BURST_MS));
        toldAt = now;
      }
      // Frames keep their order, so frames before the answered one are no longer in flight.
      if (report !== undefined && report.answers !== LAST) settled = Math.max(settled, report.answers + 1);
      if (sent - settled < WINDOW_FRAMES) {
        for (let i = 0; i < TURN_FRAMES; i++) prober.send("burst", session, sent++, to, mtu);
        await turn(undefined, { signal: job.cancelled });
        continue;
      }
      const before = report;
      await heard(STALL_MS);
      if (report === undefined) throw noAnswer(pair);
      if (report === before) settled = sent;
    }
    const before = report;
    for (let i = 0; i < TRIES && report === before; i++) {
      prober.send("burst", session, LAST, to, PROBE_BYTES);
      await heard(PATIENCE_MS);
    }
  } finally {
    end();
  }
  if (report === undefined || report.sequence < 2) throw noAnswer(pair);
  const bits = (report.sequence - 1) * mtu * 8;
  const value = Math.round(bits / (Math.max(report.microseconds, 1) / 1e6));
  const missing = Math.max(0, sent - report.sequence);
  const detail = `to ${peer.name}, in full frames: ${report.sequence} arrived, ${missing} were lost`;
  return { state: "pass", detail, value, unit: "bit/s" };
}

function newSession(): number {
  return randomInt(0x1_0000_0000);
}
