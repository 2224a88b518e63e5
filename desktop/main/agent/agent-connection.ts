/** The app's connection to the agent, which is kept up. */
import { setTimeout as delay } from "node:timers/promises";
import { Fault } from "../../../shared/values/fault.ts";
import type { AgentLink } from "../../rpc/bridge.ts";
import type { Call, EventData, EventName, Result } from "../../rpc/schema.ts";

/** A connection after `hello`. */
export interface AgentClient {
  readonly call: Call;
  /** The agent's answer to `hello`. */
  readonly hello: Pick<Result<"hello">, "agent" | "may_change" | "tap_problem">;
  /** Resolves at the end of the connection; never rejects. */
  readonly closed: Promise<void>;
  close(): void;
}

/** Receives the agent's events. */
export type Hear = <N extends EventName>(name: N, data: EventData<N>) => void;

export interface AgentConnectionOptions {
  /** Connects and says hello. @throws Fault `agent.…` */
  readonly connect: (hear: Hear, signal: AbortSignal) => Promise<AgentClient>;
  readonly hear: Hear;
  /** Called when the state of the connection changed. */
  readonly changed: (link: AgentLink) => void;
  /** The reason why this system can't have an agent; then the app does not look for one. */
  readonly unsupported?: AgentLink["tap_problem"];
}

/** Between attempts: the socket is local, and a user who installs the agent waits for it to appear. */
const RETRY_MS = 1_000;

const STATES: Readonly<Record<string, AgentLink["state"]>> = {
  "agent.not-running": "absent",
  "agent.not-reachable": "denied",
  "agent.untrusted-socket": "untrusted",
  "agent.version": "incompatible",
};

/** Reconnects for as long as the app runs. */
export class AgentConnection {
  readonly #options: AgentConnectionOptions;
  #client: AgentClient | undefined;
  #link: AgentLink;
  #fault: unknown;
  #wake = new AbortController();

  constructor(options: AgentConnectionOptions) {
    this.#options = options;
    const { unsupported = null } = options;
    const state = unsupported === null ? "connecting" : "absent";
    this.#link = { state, may_change: false, tap_problem: unsupported };
    if (unsupported !== null) this.#fault = new Fault(unsupported);
  }

  get link(): AgentLink {
    return this.#link;
  }

  /** Calls the agent. @throws Fault its answer, or why it can't be reached */
  readonly call: Call = (method, params) => {
    if (this.#client !== undefined) return this.#client.call(method, params);
    return Promise.reject(this.#fault ?? notConnected());
  };

  /** Connects now rather than later. */
  retry(): void {
    this.#wake.abort();
  }

  /** Connects again and again, until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (this.#options.unsupported ?? null) === null) {
      await this.#runOnce(signal);
      await this.#pause(signal);
    }
  }

  async #runOnce(signal: AbortSignal): Promise<void> {
    let client: AgentClient;
    try {
      client = await this.#options.connect(this.#options.hear, signal);
    } catch (error) {
      if (!signal.aborted) this.#lost(error);
      return;
    }
    const close = () => client.close();
    signal.addEventListener("abort", close, { once: true });
    if (signal.aborted) close();
    this.#client = client;
    this.#fault = undefined;
    const { agent: version, may_change, tap_problem } = client.hello;
    this.#tell({ state: "connected", version, may_change, tap_problem });
    await client.closed;
    signal.removeEventListener("abort", close);
    this.#client = undefined;
    if (!signal.aborted) this.#lost(notConnected());
  }

  #lost(error: unknown): void {
    this.#fault = error;
    const state = error instanceof Fault ? STATES[error.code] : undefined;
    this.#tell({ state: state ?? "connecting", may_change: false, tap_problem: null });
  }

  /** Reports a change once; an attempt with the same result as the one before reports nothing. */
  #tell(link: AgentLink): void {
    const before = this.#link;
    this.#link = link;
    if (JSON.stringify(before) !== JSON.stringify(link)) this.#options.changed(link);
  }

  async #pause(signal: AbortSignal): Promise<void> {
    await delay(RETRY_MS, undefined, { signal: AbortSignal.any([signal, this.#wake.signal]) }).catch(
      () => {},
    );
    this.#wake = new AbortController();
  }
}

function notConnected(): Fault {
  return new Fault({
    code: "agent.not-running",
    message: "the Laneway service is not connected",
    hint: "Start it with: systemctl start laneway.",
  });
}
