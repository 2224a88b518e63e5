import { Containment, type ReportContained } from "../../../shared/switch/containment.ts";
import type { OpenSocket, TunnelEndpoint } from "./endpoint.ts";

interface Shared {
  readonly endpoint: TunnelEndpoint;
  readonly opened: Promise<void>;
  users: number;
}

export interface EndpointsOptions {
  /** Receives errors that cost a packet. */
  readonly report?: ReportContained | undefined;
  /** Monotonic seconds. */
  readonly clock: () => number;
}

/** The sockets of all ports: one for each address and kind of tunnel, open as long as a port uses it. */
export class Endpoints {
  readonly #shared = new Map<string, Shared>();
  /** Endpoints being closed: the next user waits for them, because the address is still in use. */
  readonly #closing = new Map<string, Promise<void>>();
  readonly #options: EndpointsOptions;

  constructor(options: EndpointsOptions = { clock: () => performance.now() / 1_000 }) {
    this.#options = options;
  }

  /**
   * Uses the endpoint called `key`, which the first user opens.
   *
   * @returns the endpoint, and how to release it
   * @throws errors of `open`
   */
  async use<Kind extends TunnelEndpoint>(
    key: string,
    make: () => Kind,
    open: OpenSocket,
  ): Promise<{ readonly endpoint: Kind; release(): Promise<void> }> {
    let shared = this.#shared.get(key);
    if (shared === undefined) {
      const endpoint = make();
      const before = this.#closing.get(key) ?? Promise.resolve();
      const containment = new Containment({ ...this.#options, at: key, drops: endpoint.drops });
      shared = { endpoint, opened: before.then(() => endpoint.open(open, containment)), users: 0 };
      this.#shared.set(key, shared);
    }
    const mine = shared;
    mine.users++;
    let released = false;
    const release = async () => {
      if (released) return;
      released = true;
      mine.users--;
      if (mine.users > 0) return;
      this.#shared.delete(key);
      const closing = mine.opened.then(
        () => mine.endpoint.close(),
        () => {},
      );
      this.#closing.set(key, closing);
      await closing;
      if (this.#closing.get(key) === closing) this.#closing.delete(key);
    };
    try {
      await mine.opened;
    } catch (error) {
      await release();
      throw error;
    }
    // The key determines its kind.
    return { endpoint: mine.endpoint as Kind, release };
  }
}
