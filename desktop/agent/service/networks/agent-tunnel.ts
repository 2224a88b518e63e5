import type { Problem } from "../../../rpc/shapes.ts";
import type { Credentials } from "../../identity/credentials.ts";
import { Interfaces } from "../../network/interfaces.ts";
import type { LocalNetwork } from "../../network/local-network.ts";
import type { Reach } from "../../reach/reach.ts";
import { problemOf } from "../../trust/refusal.ts";
import { TunnelClient, type TunnelClientEvents } from "../../tunnel/tunnel-client.ts";
import type { AgentLog } from "../log.ts";
import { type ManagedNetwork, toProblem } from "./managed-network.ts";

export interface AgentTunnelOptions {
  readonly relay: URL;
  /** Returns how to reach the relay; called at each attempt. */
  reach(): Reach;
  readonly credentials: Credentials;
  /** This device's ID. */
  readonly device: string;
  /** Relay and tenant, which tell networks of the same name apart. */
  readonly place: readonly string[];
  readonly log: AgentLog;
  /** A network's interface got its MAC address for the first time. */
  named(network: ManagedNetwork): void;
  /** The tunnel ends, and takes no more networks. */
  ended(tunnel: AgentTunnel): void;
}

/** The networks of one relay that are up with the same credentials, because a device has one session at a time. */
export class AgentTunnel {
  readonly #options: AgentTunnelOptions;
  readonly #networks = new Map<string, ManagedNetwork>();
  readonly #client: TunnelClient;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  /** The last reported refusals of the relay's values, by network ID; undefined for the relay itself. */
  readonly #warned = new Map<string | undefined, string>();

  /** @param first its first network; the tunnel starts at once */
  constructor(options: AgentTunnelOptions, first: ManagedNetwork) {
    this.#options = options;
    const { relay, reach, credentials, device, place } = options;
    this.#client = new TunnelClient({
      relay,
      reach,
      credentials,
      offload: true,
      framing: "own",
      networks: [first.name],
      announces: true,
      events: this.#events(),
      interfaces: new Interfaces(
        {
          device,
          place,
          requestFor: (name) => this.#networks.get(name)?.requested ?? { offload: true },
          alike: false,
          inform: (message) => options.log.add("info", "network.names", message),
        },
        this.#stop.signal,
      ),
    });
    this.#take(first);
    this.#ended = this.#run();
  }

  /** Brings up one more network, or retries now if a retry is due later. */
  add(network: ManagedNetwork): void {
    const known = this.#networks.has(network.name);
    this.#take(network);
    if (known) this.#client.retry();
    else this.#client.add(network.name);
  }

  /** Connects now, if it waits to do so. */
  retry(): void {
    this.#client.retry();
  }

  /** Takes a network down; resolves once its interface is gone. */
  async remove(network: ManagedNetwork): Promise<void> {
    if (!this.#networks.delete(network.name)) return;
    if (this.#networks.size === 0) await this.close();
    else await this.#client.remove(network.name);
    this.#options.log.add("info", "network.down", `${network.name} is down`, network.id);
  }

  /** Ends the tunnel; resolves once every interface is gone. */
  async close(): Promise<void> {
    this.#end();
    await this.#ended;
  }

  /** Ends the tunnel, so that it takes no more networks. */
  #end(): void {
    this.#stop.abort();
    this.#options.ended(this);
  }

  #take(network: ManagedNetwork): void {
    this.#networks.set(network.name, network);
    network.latencyOf = () => this.#client.latencyMs;
    network.connecting();
  }

  async #run(): Promise<void> {
    try {
      await this.#client.run(this.#stop.signal);
    } catch (error) {
      for (const network of this.#networks.values()) this.#failed(network, error);
    }
    this.#end();
  }

  #events(): TunnelClientEvents {
    const { log, named } = this.#options;
    const relay = this.#options.relay.host;
    // Reports them once, not at each connection.
    const warn = (warnings: readonly Problem[], id?: string) => {
      const text = JSON.stringify(warnings);
      if (text === this.#warned.get(id)) return;
      this.#warned.set(id, text);
      for (const { code, message } of warnings) log.add("warn", code, message, id);
    };
    // Events of a network that was removed meanwhile are ignored.
    const on = (local: LocalNetwork) => this.#networks.get(local.offer.name);
    return {
      up: (local) => {
        const network = on(local);
        if (network === undefined) return;
        network.up(local);
        named(network);
        warn(local.warnings, network.id);
        const { tap, address } = local.describe();
        log.add(
          "info",
          "network.up",
          `${network.name} is up: ${tap ?? "no interface"}, ${address ?? "no address"}`,
          network.id,
        );
      },
      reconnecting: (_locals, why, delayMs) => {
        for (const network of this.#networks.values()) network.away(why);
        const seconds = (delayMs / 1_000).toFixed(1);
        log.add("warn", why.code, `${why.message}; trying again in ${seconds} s`);
      },
      refused: (refusals) => {
        const warnings = refusals.map(({ fault }) => problemOf(fault));
        warn(warnings);
      },
      notice: (code, message, local) => {
        const network = local && on(local);
        log.add("warn", `notice.${code}`, `${relay}: ${message}`, network?.id);
        network?.noticed();
      },
      interface: (local, { kind, message }) => {
        const network = on(local);
        const level = kind === "fault" ? "warn" : "info";
        log.add(level, `interface.${kind}`, `${local.offer.name}: ${message}`, network?.id);
        network?.interfaceChanged();
      },
      down: (local) => {
        on(local)?.interfaceGone(local);
      },
      failed: (name, error) => {
        const network = this.#networks.get(name);
        if (network === undefined) return;
        this.#networks.delete(name);
        this.#failed(network, error);
        if (this.#networks.size === 0) this.#end();
      },
      members: (name, members) => this.#networks.get(name)?.peers.replace(members),
      member: (name, event, member) => this.#networks.get(name)?.peers.update(event, member),
    };
  }

  #failed(network: ManagedNetwork, error: unknown): void {
    const problem = toProblem(error);
    // The log contains details of bugs that the caller does not see.
    const detail = problem.code === "agent.internal" && error instanceof Error ? `: ${error.stack}` : "";
    this.#options.log.add("error", problem.code, `${network.name}: ${problem.message}${detail}`, network.id);
    network.failed(error);
  }
}
