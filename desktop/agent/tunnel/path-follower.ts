import { addressesOf } from "../system/addresses-of.ts";
import { TunnelPath } from "../system/tunnel-path.ts";
import { Attempt } from "./attempt.ts";
import type { TunnelConnection } from "./tunnel-connection.ts";

/** How often changes of the machine's network have the relay tried at once, in milliseconds. */
const MOVE_MS = 1_000;

export interface PathFollowerOptions {
  /** What this machine connects to: the relay, or the proxy that leads there. */
  dialled(): URL;
  /** Has the relay tried now, where that is due later. */
  retry(): void;
  /** Told at each connection of all the addresses that it may go to, as far as they are known. */
  reached(addresses: readonly string[]): Promise<void>;
}

/** Has a client's connections follow the machine's way out: probes, replaces and tries again when that has changed. */
export class PathFollower {
  readonly #options: PathFollowerOptions;
  readonly #path: TunnelPath;
  #connection: TunnelConnection | undefined;
  #attempt: Attempt | undefined;
  /** When a change last had the relay tried at once, and what does the next time that it may. */
  #movedAt = Number.NEGATIVE_INFINITY;
  #moving: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PathFollowerOptions) {
    this.#options = options;
    this.#path = new TunnelPath({
      changed: (why) => this.#changed(why),
      lost: (why) => this.#connection?.replace(why),
    });
  }

  /** An attempt to connect begins. @param over gives it up, with {@link PathChanged} */
  begin(over: AbortController): void {
    this.#attempt = new Attempt(over, this.#attempt);
  }

  /** It has come to a connection. */
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

  /** The attempt, or the connection that it came to, is over. */
  ended(): void {
    this.#attempt?.end();
    this.#connection = undefined;
    this.#path.connected(undefined);
  }

  /** Returns whether the relay may be tried at once after a connection was replaced: not again and again. */
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

  /** Is the relay still there, or there again? */
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
