import { addressesOf } from "../system/addresses-of.ts";
import { TunnelPath } from "../system/tunnel-path.ts";
import { Attempt } from "./attempt.ts";
import type { TunnelConnection } from "./tunnel-connection.ts";

/** Minimum interval between immediate attempts after changes of the machine's network, in milliseconds. */
const MOVE_MS = 1_000;

export interface PathFollowerOptions {
  /** Returns the URL that this machine connects to: the relay, or the proxy that leads there. */
  dialled(): URL;
  /** Tries the relay now, if an attempt is due later. */
  retry(): void;
  /** Called at each connection with all its known destination addresses. */
  reached(addresses: readonly string[]): Promise<void>;
}

/** Makes a client's connections follow the machine's way out: probes, replaces and retries when it has changed. */
export class PathFollower {
  readonly #options: PathFollowerOptions;
  readonly #path: TunnelPath;
  #connection: TunnelConnection | undefined;
  #attempt: Attempt | undefined;
  /** Time of the last immediate attempt after a change, and the timer for a postponed one. */
  #movedAt = Number.NEGATIVE_INFINITY;
  #moving: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PathFollowerOptions) {
    this.#options = options;
    this.#path = new TunnelPath({
      changed: (why) => this.#changed(why),
      lost: (why) => this.#connection?.replace(why),
    });
  }

  /** Starts following an attempt to connect. @param over aborts it, with {@link PathChanged} */
  begin(over: AbortController): void {
    this.#attempt = new Attempt(over, this.#attempt);
  }

  /** Follows the connection that the attempt led to. */
  opened(connection: TunnelConnection): void {
    this.#attempt?.end();
    this.#connection = connection;
    const { reached, dialled } = this.#options;
    const url = dialled();
    this.#path.connected(connection.ends, url);
    const known = connection.relayAddresses;
    void reached(known);
    // Other addresses of its name follow, as soon as they are known.
    void addressesOf(url).then(async (all) => {
      if (this.#connection === connection) await reached([...known, ...all]);
    });
  }

  /** Ends following: the attempt or its connection is over. */
  ended(): void {
    this.#attempt?.end();
    this.#connection = undefined;
    this.#path.connected(undefined);
  }

  /** Returns whether the relay may be tried at once after a connection was replaced: not repeatedly. */
  mayMove(): boolean {
    const now = performance.now();
    const may = now - this.#movedAt >= MOVE_MS;
    this.#movedAt = now;
    return may;
  }

  close(): void {
    this.#path.close();
    clearTimeout(this.#moving);
  }

  /** Checks whether the relay is still, or again, reachable. */
  #changed(why: string): void {
    if (this.#connection !== undefined) return this.#connection.probe(why);
    this.#attempt?.outdate();
    this.#moving ??= setTimeout(
      () => {
        this.#moving = undefined;
        if (this.#connection !== undefined) return;
        this.#movedAt = performance.now();
        this.#options.retry();
      },
      Math.max(0, this.#movedAt + MOVE_MS - performance.now()),
    );
  }
}
