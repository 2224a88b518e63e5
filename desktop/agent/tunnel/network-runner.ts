import { Interfaces, type InterfacesOptions } from "../network/interfaces.ts";
import { TunnelClient, type TunnelClientOptions } from "./tunnel-client.ts";

export interface NetworkRunnerOptions extends Omit<TunnelClientOptions, "openNetwork" | "reached"> {
  readonly interfaces: InterfacesOptions;
}

/**
 * This machine on networks of one relay, with one set of credentials: a tunnel, and an interface for each network.
 * `laneway up` in the foreground runs one, the agent several.
 */
export class NetworkRunner {
  readonly #client: TunnelClient;
  readonly #options: NetworkRunnerOptions;
  /** Set by {@link run}. */
  #interfaces: Interfaces | undefined;

  constructor(options: NetworkRunnerOptions) {
    this.#options = options;
    this.#client = new TunnelClient({
      ...options,
      reached: async (addresses) => await this.#interfaces?.reached(addresses),
      openNetwork: async (...args) => {
        if (this.#interfaces === undefined) throw new Error("it does not run");
        return await this.#interfaces.open(...args);
      },
    });
  }

  /**
   * Runs until the signal is aborted, and then removes everything that it made.
   *
   * @throws Fault if going on makes no sense; see {@link TunnelClient.run}
   */
  async run(signal: AbortSignal): Promise<void> {
    const interfaces = new Interfaces(this.#options.interfaces, signal);
    this.#interfaces = interfaces;
    try {
      await this.#client.run(signal);
    } finally {
      await interfaces.close();
    }
  }

  /** Round trip to the relay, in milliseconds; undefined if unknown. */
  get latencyMs(): number | undefined {
    return this.#client.latencyMs;
  }

  /** See {@link TunnelClient.add}. */
  add(network: string): void {
    this.#client.add(network);
  }

  /** See {@link TunnelClient.remove}. */
  async remove(network: string): Promise<void> {
    await this.#client.remove(network);
  }

  /** Connects now, if it waits to do so. */
  retry(): void {
    this.#client.retry();
  }
}
