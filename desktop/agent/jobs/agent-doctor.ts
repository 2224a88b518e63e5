import { readFileSync } from "node:fs";
import type { Finding } from "../diagnostics/checks.ts";
import { type DoctorOptions, doctor } from "../diagnostics/doctor.ts";
import { overlapOfNetwork } from "../diagnostics/overlap-check.ts";
import { deviceCredentials, tokenCredentials } from "../identity/credentials.ts";
import { relayText } from "../identity/device-store.ts";
import { merged, type Reach } from "../reach/reach.ts";
import type { Agent } from "../service/agent.ts";
import type { Job } from "../service/jobs.ts";
import type { ManagedNetwork } from "../service/networks/managed-network.ts";
import { readRelay } from "../service/networks/network-ref.ts";
import { probeLatency } from "./member-test.ts";

/** Members that are probed if none answers a ping. */
const PROBED = 4;

/** The subject of the checks: a network, the first network of a relay, or the one that needs it most. */
export interface DoctorSubject {
  readonly network: ManagedNetwork | undefined;
  readonly relay: string | undefined;
  /** How to reach the relay, if given for this run. */
  readonly way: Reach;
}

/** Runs the checks with the agent's networks and tunnels. @returns whether none failed */
export async function agentDoctor(agent: Agent, subject: DoctorSubject, job: Job): Promise<boolean> {
  const address = subject.relay === undefined ? undefined : readRelay(subject.relay);
  const base = address?.url;
  const network = subject.network ?? neediest(agent, base);
  const local = network?.local;
  const tap = local?.overlay.tap?.name;
  const relay = network === undefined ? base : new URL(network.kept.relay);
  const known = relay === undefined ? {} : agent.reachTo(relayText(relay));
  const { login, zone } = address ?? {};
  const options: DoctorOptions = {
    relay,
    reach: { ...merged(known, { login, zone, ...subject.way }), ...agent.usual },
    credentials: network === undefined ? notEnrolled() : accessOf(agent, network),
    tap,
    ...(local !== undefined &&
      tap !== undefined && { mtu: { tap, actual: mtuOf(tap), offered: local.offer.mtu } }),
    ...(local !== undefined && { overlap: () => overlapOfNetwork(tap, local.warnings) }),
    tapProblem: local?.warnings.find(({ code }) => code === "interface.changed"),
    peer: () => askPeers(network, job),
  };
  return await doctor(options, (step) => job.progress(step), job.cancelled);
}

/** Prefers a network that should be up and is not, then one that is up. */
function neediest(agent: Agent, relay: URL | undefined): ManagedNetwork | undefined {
  agent.status();
  const networks = agent.networks.filter(
    ({ kept }) => relay === undefined || kept.relay === relayText(relay),
  );
  return (
    networks.find(({ kept, state }) => kept.wanted && state !== "up") ??
    networks.find(({ state }) => state === "up") ??
    networks[0]
  );
}

/**
 * Returns what the open tunnel knows: a device has one session at a time, and a second connection would end the first.
 */
function accessOf(agent: Agent, network: ManagedNetwork): DoctorOptions["credentials"] {
  const { kept } = network;
  const sharers = agent.networks.filter(
    (one) =>
      one.kept.relay === kept.relay && one.kept.tenant === kept.tenant && one.kept.token === kept.token,
  );
  const used = sharers.filter(({ state }) => state !== "down" && state !== "failed");
  const kind = kept.token === undefined ? "device" : "token";
  if (used.some(({ state }) => state === "up")) {
    return { state: "pass", detail: `the ${kind} is accepted: the tunnel is up` };
  }
  const [waiting] = used;
  if (waiting !== undefined) {
    const hint = "The agent retries automatically; run this again in a moment.";
    const detail = waiting.error?.message ?? "the tunnel is opening";
    return { state: "skipped", detail, hint: waiting.error?.hint ?? hint };
  }
  if (kept.token !== undefined) return tokenCredentials(kept.token);
  const device = agent.devices
    .enrolled()
    .find((one) => relayText(one.relay) === kept.relay && one.tenant === kept.tenant);
  if (device === undefined) return notEnrolled();
  return deviceCredentials({ relay: device.relay, device: device.enrolment.device, key: device.key });
}

function notEnrolled(): Finding {
  return {
    state: "skipped",
    detail: "this machine is not enrolled there",
    hint: "Open an invite with 'laneway join LINK'.",
  };
}

/** Checks whether a member answers. */
async function askPeers(network: ManagedNetwork | undefined, job: Job): Promise<Finding> {
  if (network?.state !== "up") {
    const hint = `Bring the network up with 'laneway up${network === undefined ? "" : ` ${network.name}`}'.`;
    return { state: "skipped", detail: "members can only be asked on a network that is up", hint };
  }
  await network.measure();
  const online = network.peers.peers.filter((peer) => peer.online);
  if (online.length === 0) {
    return { state: "skipped", detail: `no other member is on ${network.name} now` };
  }
  for (const { name, latency_ms } of online) {
    if (latency_ms !== null) {
      return { state: "pass", detail: `${name} answers`, value: latency_ms, unit: "ms" };
    }
  }
  // A firewall may drop pings, and a member without an IPv4 address can't be pinged.
  for (const { name, vtep, macs } of online.slice(0, PROBED)) {
    const ms = macs.length === 0 ? undefined : await probeLatency(network, vtep, job);
    if (ms !== undefined)
      return { state: "pass", detail: `the agent of ${name} answers`, value: ms, unit: "ms" };
  }
  return {
    state: "fail",
    detail: `none of ${online.length} members of ${network.name} answers`,
    hint: "Look at the members' firewalls, and at the addresses of their interfaces with 'ip address'.",
  };
}

function mtuOf(tap: string): number | undefined {
  try {
    return Number(readFileSync(`/sys/class/net/${tap}/mtu`, "utf8"));
  } catch {
    return undefined;
  }
}
