import type { Fault } from "../../shared/values/fault.ts";
import type { Result } from "../rpc/schema.ts";
import { RPC_VERSION } from "../rpc/schema.ts";
import { DeviceStore } from "./identity/device-store.ts";
import { deviceId, networkNamespace } from "./identity/identity.ts";
import { Agent } from "./service/agent.ts";
import { AgentStore } from "./service/agent-store.ts";
import { Authority } from "./service/calls/authority.ts";
import { agentMethods } from "./service/calls/methods.ts";
import { RelayAdmin } from "./service/calls/relay-admin.ts";
import { RpcServer } from "./service/calls/rpc-server.ts";
import { loadSocketNative } from "./service/calls/socket-native.ts";
import type { AgentLog } from "./service/log.ts";
import { toProblem } from "./service/networks/managed-network.ts";
import { lockState } from "./service/state-lock.ts";
import { tapProblem } from "./tap/problem.ts";

/** Interval between reports of counters, in milliseconds. */
const TRAFFIC_MS = 1_000;
/** Interval between measurements of members' latency while a caller follows it, in milliseconds. */
const LATENCY_MS = 5_000;

export interface RunAgentOptions {
  readonly stateDirectory: string;
  readonly socket: string;
  /** The agent's version, like `0.1.0`. */
  readonly version: string;
  readonly log: AgentLog;
  readonly signal: AbortSignal;
  /** Called once it listens and brings up its networks. */
  listening(): void;
}

/**
 * Runs the agent until the signal is aborted, and then removes everything that it made. The next run restores it.
 *
 * @throws Fault `agent.running-already`, `agent.socket`, `state.…`
 */
export async function runAgent(options: RunAgentOptions): Promise<void> {
  const { stateDirectory, socket, version, log, signal, listening } = options;
  const startedAt = new Date();
  const native = await loadSocketNative().catch(() => undefined);
  if (native === undefined) log.add("warn", "agent.no-ffi", "callers are known by the socket they use alone");
  const device = deviceId(stateDirectory);
  const unlock = native === undefined ? () => {} : lockState(stateDirectory, native);
  const agent = new Agent({
    device,
    store: new AgentStore(stateDirectory),
    devices: new DeviceStore(stateDirectory),
    log,
  });
  log.level = agent.state.settings.log_level;
  const server = new RpcServer({
    socket,
    native,
    authority: new Authority(),
    methods: agentMethods({ agent, admin: new RelayAdmin(agent), version }),
    hello: (mayChange): Result<"hello"> => ({
      version: RPC_VERSION,
      agent: version,
      pid: process.pid,
      started_at: startedAt.toISOString(),
      may_change: mayChange,
      tap_problem: problemOrNull(tapProblem()),
      state_directory: mayChange ? stateDirectory : null,
      netns: networkNamespace() ?? null,
    }),
    mistake: (method, error) => {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log.add("error", "agent.internal", `${method}: ${detail}`);
    },
  });
  try {
    await server.listen();
    const ends = follow(agent, server, log);
    try {
      agent.start();
      listening();
      await aborted(signal);
    } finally {
      for (const end of ends) end();
      await agent.close();
    }
  } finally {
    await server.close();
    unlock();
  }
}

/** Sends events to the callers that follow them. @returns functions that end it */
function follow(agent: Agent, server: RpcServer, log: AgentLog): (() => void)[] {
  const traffic = setInterval(() => {
    if (!server.isFollowed("traffic")) return;
    const networks = agent.networks.filter(({ local }) => local !== undefined);
    if (networks.length === 0) return;
    const counters = networks.map((network) => ({ id: network.id, ...network.traffic() }));
    server.tell("traffic", "traffic", { at: new Date().toISOString(), networks: counters }, true);
  }, TRAFFIC_MS);
  const latency = setInterval(() => {
    if (!server.isFollowed("peers")) return;
    for (const network of agent.networks) void network.measure();
  }, LATENCY_MS);
  return [
    () => clearInterval(traffic),
    () => clearInterval(latency),
    log.follow((entry) => server.tell("logs", "log", entry, true)),
    agent.follow({
      changed: (networks, removed) => server.tell("status", "changed", { networks, removed }),
      peer: (id, peer) => server.tell("peers", "peer", { id, peer }),
    }),
  ];
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function problemOrNull(fault: Fault | undefined) {
  return fault === undefined ? null : toProblem(fault);
}
