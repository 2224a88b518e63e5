import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "../../shared/fault.ts";
import { afterClose, Close } from "../../shared/tunnel/close.ts";
import type { NetworkOffer, RelayMessage } from "../../shared/tunnel/control.ts";
import type { Framing } from "../../system/websocket/framing.ts";
import { Backoff } from "./backoff.ts";
import type { Credentials } from "./credentials.ts";
import type { LocalNetwork } from "./local-network.ts";
import { Refused, TunnelConnection, type TunnelEnd } from "./tunnel-connection.ts";
import { Unreachable } from "./tunnel-errors.ts";

/** What becomes of a network, told as it happens. */
export interface TunnelClientEvents {
  /** Frames can pass, for the first time or again. */
  up(network: LocalNetwork): void;
  /** The relay is away; networks that were up keep their interfaces. */
  reconnecting(networks: readonly LocalNetwork[], reason: string, delayMs: number): void;
  /** The hub noticed something that concerns this machine. */
  notice(code: string, message: string): void;
  /** The network's interface is gone. */
  down(network: LocalNetwork): void;
}

export interface TunnelClientOptions {
  readonly relay: URL;
  readonly credentials: Credentials;
  /** Whether super-frames may come and go; see docs/protocol.md, feature `offload`. */
  readonly offload: boolean;
  /** Who does the WebSocket's framing. */
  readonly framing: Framing;
  /** Names of the networks to join; none means all that the credentials open. */
  readonly networks: readonly string[];
  readonly events: TunnelClientEvents;
  /**
   * Makes a network's interface, at its first join.
   *
   * @param offers of all the networks that are being joined
   */
  openNetwork(
    offer: NetworkOffer,
    failed: (error: Error) => void,
    offers: readonly NetworkOffer[],
  ): Promise<LocalNetwork>;
}

/** Keeps this machine on its networks through one relay, whatever happens to the connection. */
export class TunnelClient {
  readonly #options: TunnelClientOptions;
  readonly #networks = new Map<string, LocalNetwork>();
  readonly #backoff = new Backoff();
  #everWelcomed = false;
  /** Connections whose relay asked to be told of this machine's addresses. */
  readonly #registers = new WeakSet<TunnelConnection>();

  constructor(options: TunnelClientOptions) {
    this.#options = options;
  }

  /**
   * Runs until the signal is aborted; then everything that it made is gone.
   *
   * @throws Fault where going on makes no sense: credentials refused or revoked, no such network, no TAP
   */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        const delay = await this.#connection(signal);
        if (signal.aborted) break;
        await sleep(delay, undefined, { signal }).catch(() => {});
      }
    } finally {
      for (const network of this.#networks.values()) {
        await network.close();
        this.#options.events.down(network);
      }
      this.#networks.clear();
    }
  }

  /** One connection from attempt to end. @returns how long to wait for the next, in milliseconds */
  async #connection(signal: AbortSignal): Promise<number> {
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    const { relay, credentials, offload, framing } = this.#options;
    let openedAt: number | undefined;
    let fatal: unknown;
    const stop = (error: unknown) => {
      fatal ??= error;
      over.abort();
    };
    let how: TunnelEnd;
    try {
      const connection = await TunnelConnection.open({
        relay,
        credentials,
        offload,
        framing,
        signal: either,
        control: (message, from) => this.#control(message, from, either, stop),
      });
      openedAt = performance.now();
      this.#everWelcomed = true;
      for (const { vni } of this.#choose(connection.welcome.networks)) connection.send({ type: "join", vni });
      how = await connection.ended;
    } catch (error) {
      if (signal.aborted) return 0;
      over.abort();
      return this.#retryAfter(error);
    }
    if (fatal !== undefined) throw fatal;
    if (signal.aborted) return 0;
    this.#backoff.lasted(performance.now() - openedAt);
    return this.#after(how);
  }

  #control(
    message: RelayMessage,
    connection: TunnelConnection,
    signal: AbortSignal,
    stop: (error: unknown) => void,
  ): void {
    if (message.type === "joined") {
      const offer = connection.welcome.networks.find((network) => network.vni === message.vni);
      if (offer !== undefined) this.#joined(offer, connection, signal, stop).catch(stop);
    } else if (message.type === "notice") {
      if (message.code === "source-binding") {
        this.#registers.add(connection);
        this.#register(connection);
      } else {
        this.#options.events.notice(message.code, message.message);
      }
    } else if (message.type === "error" && message.request === "join") {
      stop(
        new Fault({
          code: "network.refused",
          message: `the relay let us not join: ${message.message}`,
          hint: this.#options.credentials.moreNetworks,
        }),
      );
    }
  }

  /** Tells the hub which addresses are this machine's. */
  #register(connection: TunnelConnection): void {
    for (const network of this.#networks.values()) {
      connection.send({ type: "register", vni: network.offer.vni, endpoints: [network.endpoint()] });
    }
  }

  async #joined(
    offer: NetworkOffer,
    connection: TunnelConnection,
    signal: AbortSignal,
    stop: (error: unknown) => void,
  ): Promise<void> {
    let network = this.#networks.get(offer.name);
    if (network !== undefined && !network.suits(offer)) {
      // While we were away it became another one, such as with an address that somebody else has now.
      this.#networks.delete(offer.name);
      await network.close();
      this.#options.events.down(network);
      network = undefined;
    }
    if (network === undefined) {
      const offers = this.#choose(connection.welcome.networks);
      network = await this.#options.openNetwork(offer, stop, offers);
      this.#networks.set(offer.name, network);
    }
    if (signal.aborted) return;
    network.connect(connection.trunk);
    if (this.#registers.has(connection)) this.#register(connection);
    void connection.ended.then(() => connection.trunk.leave(offer.vni));
    this.#options.events.up(network);
  }

  #choose(offers: readonly NetworkOffer[]): readonly NetworkOffer[] {
    const { networks, credentials } = this.#options;
    if (offers.length === 0) {
      throw new Fault({
        code: "network.none",
        message: `the ${credentials.kind} opens no network`,
        hint: credentials.moreNetworks,
      });
    }
    if (networks.length === 0) return offers;
    return networks.map((name) => {
      const offer = offers.find((candidate) => candidate.name === name);
      if (offer !== undefined) return offer;
      throw new Fault({
        code: "network.unknown",
        message: `the ${credentials.kind} does not open a network '${name}'`,
        hint: `It opens: ${offers.map((one) => one.name).join(", ") || "none"}.`,
      });
    });
  }

  #retryAfter(error: unknown): number {
    if (error instanceof Refused) return this.#after(error.end);
    const temporary = error instanceof Unreachable || (this.#everWelcomed && isConnectionFault(error));
    if (!temporary) throw error;
    return this.#retry((error as Error).message, this.#backoff.next());
  }

  /** @throws Fault for a code after which a client stops */
  #after({ code, reason }: TunnelEnd): number {
    const why = reason === "" ? `the connection ended (${code})` : reason;
    switch (afterClose(code)) {
      case "stop":
        throw stopped(this.#options, code, why);
      case "reconnect-soon":
        return this.#retry(why, Math.random() * 1_000);
      case "reconnect":
        return this.#retry(why, this.#backoff.next());
    }
  }

  #retry(reason: string, delay: number): number {
    this.#options.events.reconnecting([...this.#networks.values()], reason, delay);
    return delay;
  }
}

/** Faults of the way to the relay: once it has worked, they may pass (a proxy, a certificate being renewed). */
function isConnectionFault(error: unknown): boolean {
  return error instanceof Fault && (error.code === "relay.not-a-relay" || error.code === "relay.certificate");
}

const HINTS: Readonly<Record<number, string>> = {
  [Close.tooBig]: "Both ends have to speak the same limits: update the older of the two.",
  [Close.malformed]: "Update Laneway on both ends; if it stays, please report it.",
  [Close.unsupported]: "Update the older of the two ends.",
  [Close.replaced]: "Another machine uses this device's key: enrol one of them anew.",
};

function stopped({ relay, credentials }: TunnelClientOptions, code: number, reason: string): Fault {
  const what: Readonly<Record<number, string>> = {
    [Close.refused]: `refused the ${credentials.kind}`,
    [Close.revoked]: "has withdrawn this access",
  };
  return new Fault({
    code: `tunnel.closed-${code}`,
    message: `${relay.href} ${what[code] ?? "ended the tunnel"} (${code}: ${reason})`,
    hint: credentials.advice(code) ?? HINTS[code] ?? "Try again later.",
  });
}
