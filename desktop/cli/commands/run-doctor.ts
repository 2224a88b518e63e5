import type { RelayAddress } from "../../../shared/api/relay-address.ts";
import { explain, Fault } from "../../../shared/values/fault.ts";
import { attachedTaps } from "../../agent/diagnostics/bridge-check.ts";
import type { Finding } from "../../agent/diagnostics/checks.ts";
import { type DoctorOptions, doctor } from "../../agent/diagnostics/doctor.ts";
import { overlapOfInterface } from "../../agent/diagnostics/overlap-check.ts";
import { DeviceStore } from "../../agent/identity/device-store.ts";
import { defaultStateDirectory } from "../../agent/identity/identity.ts";
import type { RpcClient } from "../../rpc/client.ts";
import type { EventData } from "../../rpc/schema.ts";
import type { Step } from "../../rpc/shapes.ts";
import { type Look, Output } from "../print/output.ts";
import { untilSignalled } from "../signals.ts";
import { type AccessOptions, chooseAccess } from "../up/choose-access.ts";
import { parseRelayUrl, reachOf, wayOf } from "../up/relay-url.ts";
import { agentFor, placeOf } from "./agent-access.ts";

export interface RunDoctorOptions extends AccessOptions {
  readonly state?: string;
  readonly json?: boolean;
}

const LOOKS: Readonly<Record<Step["state"], Look>> = {
  running: "busy",
  pass: "good",
  fail: "bad",
  skipped: "faint",
};

/** `laneway doctor [NETWORK]`: by a running agent that this user may use, otherwise by this process. */
export async function runDoctor(network: string | undefined, options: RunDoctorOptions): Promise<void> {
  const signal = untilSignalled();
  // Invalid options are reported before anything is done.
  const relay = options.relay === undefined ? undefined : parseRelayUrl(options.relay);
  const steps: Step[] = [];
  const line = process.stderr.isTTY && options.json !== true;
  const found = (step: Step) => {
    if (step.state !== "running") steps.push(step);
    else if (line) process.stderr.write(`\r\x1b[2Kchecking: ${step.id}`);
  };
  let passed: boolean;
  try {
    const agent = options.token === undefined ? await willingAgent(options.state, signal) : undefined;
    passed =
      agent === undefined
        ? await doctor(ownOptions(network, relay, options), found, signal)
        : await byAgent(agent, network, options, found, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    passed = false;
  }
  if (line) process.stderr.write("\r\x1b[2K");
  show(steps, options.json);
  process.exitCode = passed ? 0 : 1;
}

/** Returns the agent, unless this user may not run checks with it: they also work without it. */
async function willingAgent(state: string | undefined, signal: AbortSignal): Promise<RpcClient | undefined> {
  let agent: RpcClient | undefined;
  try {
    agent = await agentFor(state, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Fault)) throw error;
    process.stderr.write(explain(error).text);
    return undefined;
  }
  if (agent?.hello.may_change !== false) return agent;
  agent.close();
  return undefined;
}

async function byAgent(
  agent: RpcClient,
  network: string | undefined,
  options: RunDoctorOptions,
  found: (step: Step) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const ended = Promise.withResolvers<EventData<"done">>();
  // Closing the connection ends the job.
  const abort = () => agent.close();
  signal.addEventListener("abort", abort);
  agent.on("progress", ({ step }) => found(step));
  // This connection has no other job.
  agent.on("done", (done) => ended.resolve(done));
  void agent.closed.then(() =>
    ended.resolve({ job: "", outcome: "cancelled", error: signal.aborted ? null : gone() }),
  );
  try {
    await agent.call("doctor", {
      ...(network !== undefined && { network }),
      ...placeOf(options),
      ...wayOf(options),
    });
    const { outcome, error } = await ended.promise;
    if (error !== null) throw new Fault(error);
    return outcome === "ok";
  } finally {
    signal.removeEventListener("abort", abort);
    agent.close();
  }
}

function gone() {
  return {
    code: "agent.gone",
    message: "the agent stopped during the checks",
    hint: "It was stopped or is restarting; try again, and see 'laneway service status'.",
  };
}

function ownOptions(
  network: string | undefined,
  address: RelayAddress | undefined,
  options: RunDoctorOptions,
): DoctorOptions {
  const relay = address?.url;
  const reach = reachOf(options, address);
  const peer = (): Finding => ({
    state: "skipped",
    detail: "no agent has a network up here",
    hint: "With the agent, members are asked too: see 'laneway service install'.",
  });
  try {
    const store = new DeviceStore(options.state ?? defaultStateDirectory());
    const [access] = chooseAccess(network === undefined ? [] : [network], options, store);
    if (access !== undefined) {
      const [tap] = access.credentials.kind === "device" ? attachedTaps() : [];
      const { relay, reach, credentials } = access;
      if (tap === undefined) return { relay, reach, credentials, peer };
      const overlap = (signal: AbortSignal) => overlapOfInterface(tap, signal);
      return { relay, reach, credentials: inUse(tap), overlap, peer };
    }
  } catch (error) {
    // A machine without networks, or with another user's state, can still check the path to a relay.
    if (!(error instanceof Fault) || network !== undefined || options.token !== undefined) throw error;
    const { message: detail, hint } = error;
    return { relay, reach, credentials: { state: "skipped", detail, hint }, peer };
  }
  return {
    relay,
    reach,
    credentials: { state: "skipped", detail: "this machine is not enrolled there" },
    peer,
  };
}

/** A device has one session at a time: trying it while another process uses it would end that session. */
function inUse(tap: string): Finding {
  const hint = "Run this again after 'laneway up' has ended, or with a token.";
  return { state: "skipped", detail: `${tap} may be of a 'laneway up' that uses this device now`, hint };
}

function show(steps: readonly Step[], json: boolean | undefined): void {
  const output = new Output(json);
  if (json === true) {
    for (const { id, state, detail, hint, value, unit } of steps) {
      output.event({ check: id, state, detail, hint, value, unit }, "");
    }
    return;
  }
  const rows = steps.map((step) => ({
    check: step.id,
    result: step.state,
    found: step.value === null ? step.detail : `${step.detail} (${step.value} ${step.unit})`,
  }));
  output.list(rows, ["check", "result", "found"], (column, row) =>
    column === "result" ? LOOKS[row["result"] as Step["state"]] : undefined,
  );
  const told = new Set<string>();
  for (const { id, hint } of steps) {
    if (hint === null || told.has(hint)) continue;
    told.add(hint);
    output.note(`${id}: ${hint}`);
  }
}
