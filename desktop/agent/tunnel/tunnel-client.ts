import { setTimeout as sleep } from "node:timers/promises";
import { Close } from "../../../shared/protocol/close.ts";
import type { Member, NetworkOffer, RelayMessage } from "../../../shared/protocol/control.ts";
import { Fault } from "../../../shared/values/fault.ts";
import { LOST, NO_CODE } from "../../../system/websocket/frame.ts";
import type { Framing } from "../../../system/websocket/framing.ts";
import type { Credentials } from "../identity/credentials.ts";
import type { InterfaceNews } from "../interface/news.ts";
import type { CheckAddress } from "../network/address-checks.ts";
import type { LocalNetwork } from "../network/local-network.ts";
import { proxyFor } from "../reach/proxy.ts";
import type { Reach } from "../reach/reach.ts";
import { RelayNoticeLimit } from "../trust/notice-limit.ts";
import type { Refusal } from "../trust/refusal.ts";
import { PathChanged } from "./attempt.ts";
import { Backoff } from "./backoff.ts";
import { PathFollower } from "./path-follower.ts";
import { Refused, TunnelConnection } from "./tunnel-connection.ts";
import { judgeEnd, type TunnelEnd, Unreachable } from "./tunnel-errors.ts";

/** Minimum interval between announcements that a relay asks for repeatedly, in milliseconds. */
const ANNOUNCE_MS = 5_000;

/** Planned restarts in a row that are believed, and the duration of a connection that ends the row, in milliseconds. */
const MAX_RESTARTS = 5;
const STEADY_MS = 60_000;

/** Events of networks, as they happen. */
export interface TunnelClientEvents {
  /** Frames can pass, for the first time or again. */
  up(network: LocalNetwork): void;
  /** The relay is unreachable, perhaps at the first attempt; networks that were up keep their interfaces. */
  reconnecting(networks: readonly LocalNetwork[], why: Fault, delayMs: number): void;
  /**
   * The hub noticed something that concerns this machine. @param network undefined if it concerns none, or none that is
   * up
   */
  notice(code: string, message: string, network: LocalNetwork | undefined): void;
  /** Values of the relay for the connection as a whole were refused; reported at each connection. */
  refused?(refusals: readonly Refusal[]): void;
  /** Another program changed the network's interface; `news` says what followed. */
  interface?(network: LocalNetwork, news: InterfaceNews): void;
  /** The network's interface is gone. */
  down(network: LocalNetwork): void;
  /** One network failed for good; the others continue. Without this callback the client ends and throws. */
  failed?(network: string, error: unknown): void;
  /** The other members of a network; called before {@link up}. */
  members?(network: string, members: readonly Member[]): void;
  /** A member came, went or changed. */
  member?(network: string, event: "joined" | "changed" | "left", member: Member): void;
}

export interface TunnelClientOptions {
  readonly relay: URL;
  /** Returns how to reach the relay, at each attempt; by default directly or through the environment's proxy. */
  readonly reach?: () => Reach;
  readonly credentials: Credentials;
  /** Whether to exchange super-frames; see docs/protocol.md, feature `offload`. */
  readonly offload: boolean;
  /** The implementation of WebSocket framing. */
  readonly framing: Framing;
  /** Names of the first networks to join; none means all that the credentials allow, also later ones. */
  readonly networks: readonly string[];
  /** Whether to tell the hub this machine's addresses even unasked, so that members see them. */
  readonly announces?: boolean;
  readonly events: TunnelClientEvents;
  readonly interfaces: NetworkInterfaces;
}

/** The interfaces of a client's networks. */
export interface NetworkInterfaces {
  /** Called at each connection with all known addresses of the relay. */
  reached(addresses: readonly string[]): Promise<void>;
  /**
   * Creates a network's interface, at its first join.
   *
   * @param offers of all networks that are being joined
   * @param relay its addresses
   */
  open(
    offer: NetworkOffer,
    failed: (error: Error) => void,
    offers: readonly NetworkOffer[],
    relay: readonly string[],
    check: CheckAddress,
  ): Promise<LocalNetwork>;
  /** Releases what the networks share; called once, when the client has closed all of them. */
  close(): Promise<void>;
}

/** Keeps this machine on its networks through one relay, across reconnections. */
export class TunnelClient {
  readonly #options: TunnelClientOptions;
  /** Undefined means all networks. */
  readonly #wanted: Set<string> | undefined;
  readonly #networks = new Map<string, LocalNetwork>();
  readonly #backoff = new Backoff();
  /** Interfaces are created and removed one after the other. Never rejects. */
  #work: Promise<void> = Promise.resolve();
  readonly #ending = new AbortController();
  #fatal: unknown;
  #connection: TunnelConnection | undefined;
  /** Whether the connection ends only to get a new welcome. */
  #renewing = false;
  #pause: AbortController | undefined;
  #path: PathFollower | undefined;
  /** Connections whose relay asked for this machine's addresses. */
  readonly #asked = new WeakSet<TunnelConnection>();
  readonly #notices = new RelayNoticeLimit();
  /** Planned restarts in a row, each after a short connection. */
  #restarts = 0;
  /** Timer of a postponed announcement. */
  #announcing: ReturnType<typeof setTimeout> | undefined;

  constructor(options: TunnelClientOptions) {
    this.#options = options;
    this.#wanted = options.networks.length === 0 ? undefined : new Set(options.networks);
  }

  /** Round trip to the relay, in milliseconds; undefined if unknown. */
  get latencyMs(): number | undefined {
    return this.#connection?.latencyMs;
  }

  /**
   * Runs until the signal is aborted, and then removes everything that it made.
   *
   * @throws Fault if going on makes no sense: credentials refused or revoked, no such network, no TAP
   */
  async run(signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#ending.signal]);
    const { relay, reach, interfaces } = this.#options;
    this.#path = new PathFollower({
      dialled: () => proxyFor(relay, reach?.() ?? {})?.url ?? relay,
      retry: () => this.retry(),
      reached: (addresses) => interfaces.reached(addresses),
    });
    try {
      while (!either.aborted) {
        const delay = await this.#connect(either);
        if (either.aborted) break;
        this.#pause = new AbortController();
        const awake = AbortSignal.any([either, this.#pause.signal]);
        await sleep(delay, undefined, { signal: awake }).catch(() => {});
      }
    } finally {
      this.#path.close();
      this.#ending.abort();
      await this.#work;
      try {
        for (const network of this.#networks.values()) await this.#close(network);
      } finally {
        await interfaces.close();
      }
    }
    if (this.#fatal !== undefined) throw this.#fatal;
  }

  /** Joins one more network, now or once the relay is reachable. */
  add(name: string): void {
    this.#wanted?.add(name);
    const connection = this.#connection;
    if (connection === undefined) return this.retry();
    const offer = connection.welcome.networks.find((one) => one.name === name);
    if (offer !== undefined) return connection.send({ type: "join", vni: offer.vni });
    // The network may be allowed since the last welcome: only a new one shows it.
    this.#renewing = true;
    connection.close();
  }

  /** Leaves a network; resolves once its interface is gone. */
  async remove(name: string): Promise<void> {
    this.#wanted?.delete(name);
    await this.#enqueue(async () => {
      const connection = this.#connection;
      const offer = connection?.welcome.networks.find((one) => one.name === name);
      if (connection !== undefined && offer !== undefined) {
        connection.send({ type: "leave", vni: offer.vni });
        connection.tunnel.leave(offer.vni);
      }
      const network = this.#networks.get(name);
      if (network !== undefined) await this.#close(network);
    });
  }

  /** Connects now, if it waits to do so. */
  retry(): void {
    this.#pause?.abort();
  }

  /** Tells the hub this machine's addresses, if it asked for them or `announces` is set. */
  announce(network: LocalNetwork): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    if (this.#options.announces !== true && !this.#asked.has(connection) && !network.hasMachines) return;
    connection.send({ type: "register", vni: network.offer.vni, endpoints: network.endpoints() });
  }

  /** Runs one connection from attempt to end. @returns the delay before the next, in milliseconds */
  async #connect(signal: AbortSignal): Promise<number> {
    const over = new AbortController();
    this.#path?.begin(over);
    const either = AbortSignal.any([signal, over.signal]);
    const { relay, reach, credentials, offload, framing } = this.#options;
    let openedAt: number;
    let how: TunnelEnd;
    let hasJoined: boolean;
    try {
      const connection = await TunnelConnection.open({
        relay,
        ...(reach === undefined ? {} : { reach: reach() }),
        credentials,
        offload,
        framing,
        signal: either,
        control: (message, from) => this.#control(message, from, either),
      });
      openedAt = performance.now();
      this.#connection = connection;
      this.#path?.opened(connection);
      const refusals = connection.refusals.filter(({ network }) => network === undefined);
      if (refusals.length > 0) this.#options.events.refused?.(refusals);
      for (const { vni } of this.#choose(connection.welcome.networks)) connection.send({ type: "join", vni });
      how = await connection.ended;
      if (connection.isReplaced && !signal.aborted) return this.#replaced(how);
      hasJoined = connection.hasJoined;
    } catch (error) {
      if (signal.aborted || error instanceof PathChanged) return 0;
      return this.#retryAfter(error);
    } finally {
      this.#connection = undefined;
      this.#path?.ended();
      over.abort();
    }
    if (signal.aborted) return 0;
    if (this.#renewing) {
      this.#renewing = false;
      return 0;
    }
    const lasted = performance.now() - openedAt;
    if (lasted >= STEADY_MS) this.#restarts = 0;
    const isRestart = how.code === Close.restart && this.#restarts < MAX_RESTARTS;
    const isWell = this.#backoff.lasted(lasted, hasJoined && (isRestart || isCut(how)));
    return this.#after(how, isWell);
  }

  /** Handles a connection that this side replaced, because its path is gone. @returns the delay in milliseconds */
  #replaced({ reason }: TunnelEnd): number {
    const delay = this.#path?.mayMove() === true ? 0 : this.#backoff.next();
    const { relay, credentials } = this.#options;
    const why = `${reason}, and the relay is not heard over the connection that there was`;
    return this.#retry(judgeEnd(relay, credentials, { code: LOST, reason: why }).fault, delay);
  }

  #control(message: RelayMessage, connection: TunnelConnection, signal: AbortSignal): void {
    const { events } = this.#options;
    if (message.type === "joined") {
      const offer = offerOf(connection, message.vni);
      if (offer === undefined) return;
      events.members?.(offer.name, message.members);
      void this.#enqueue(() => this.#joined(offer, connection, signal));
    } else if (message.type === "member") {
      const offer = offerOf(connection, message.vni);
      if (offer !== undefined) events.member?.(offer.name, message.event, message.member);
    } else if (message.type === "notice") {
      if (message.code === "source-binding") return this.#askedToAnnounce(connection);
      const words = this.#notices.pass(message.message);
      if (words === undefined) return;
      const network = this.#networks.get(offerOf(connection, message.vni)?.name ?? "");
      network?.notices.add(message.code, words);
      events.notice(message.code, words, network);
    } else if (message.type === "error" && message.request === "join" && connection.isJoining(message.vni)) {
      const refused = new Fault({
        code: "network.refused",
        message: `the relay let us not join: ${message.message}`,
        hint: this.#options.credentials.moreNetworks,
      });
      const offer = offerOf(connection, message.vni);
      if (offer === undefined) this.#stop(refused);
      else this.#failed(offer.name, refused);
    }
  }

  /** Handles the relay's request for this machine's addresses: answers at once, then at a limited rate. */
  #askedToAnnounce(connection: TunnelConnection): void {
    const announce = () => {
      this.#announcing = undefined;
      if (this.#connection !== connection) return;
      for (const network of this.#networks.values()) this.announce(network);
    };
    const isFirst = !this.#asked.has(connection);
    this.#asked.add(connection);
    if (isFirst) announce();
    else this.#announcing ??= setTimeout(announce, ANNOUNCE_MS).unref();
  }

  async #joined(offer: NetworkOffer, connection: TunnelConnection, signal: AbortSignal): Promise<void> {
    const { name, vni } = offer;
    if (signal.aborted || !this.#wants(name)) return;
    let network = this.#networks.get(name);
    if (network !== undefined && !network.suits(offer)) {
      // The network changed while this machine was offline; for example, its address may be another's now.
      await this.#close(network);
      network = undefined;
    }
    try {
      network ??= await this.#options.interfaces.open(
        offer,
        (error) => this.#failed(name, error),
        connection.welcome.networks.filter((one) => this.#wants(one.name)),
        connection.relayAddresses,
        (vni, cidr) => connection.check(vni, cidr),
      );
    } catch (error) {
      if (!signal.aborted) this.#failed(name, error);
      return;
    }
    this.#networks.set(name, network);
    const opened = network;
    network.refused = connection.refusals.filter((one) => one.network === name);
    network.outdated = () => this.#remake(opened, offer, connection, signal);
    network.endpointsChanged = () => this.announce(opened);
    network.interfaceNews = (news) => this.#options.events.interface?.(opened, news);
    if (signal.aborted) return;
    network.connect(connection.tunnel);
    void connection.ended.then(() => {
      connection.tunnel.leave(vni);
      opened.disconnected();
    });
    this.announce(network);
    network.announceMac();
    this.#options.events.up(network);
  }

  /** Recreates a network's interface, because it would be different now. */
  #remake(
    network: LocalNetwork,
    offer: NetworkOffer,
    connection: TunnelConnection,
    signal: AbortSignal,
  ): void {
    void this.#enqueue(async () => {
      if (signal.aborted || this.#networks.get(offer.name) !== network) return;
      await this.#close(network);
      await this.#joined(offer, connection, signal);
    });
  }

  /** Handles the final failure of a network. */
  #failed(name: string, error: unknown): void {
    const { events } = this.#options;
    if (events.failed === undefined) return this.#stop(error);
    void this.remove(name);
    events.failed(name, error);
  }

  #stop(error: unknown): void {
    this.#fatal ??= error;
    this.#ending.abort();
  }

  async #close(network: LocalNetwork): Promise<void> {
    this.#networks.delete(network.offer.name);
    await network.close();
    this.#options.events.down(network);
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work).catch((error: unknown) => this.#stop(error));
    return this.#work;
  }

  #wants(name: string): boolean {
    return this.#wanted === undefined || this.#wanted.has(name);
  }

  #choose(offers: readonly NetworkOffer[]): readonly NetworkOffer[] {
    const { credentials } = this.#options;
    if (offers.length === 0) {
      throw new Fault({
        code: "network.none",
        message: `the ${credentials.kind} opens no network`,
        hint: credentials.moreNetworks,
      });
    }
    for (const name of this.#wanted ?? []) {
      if (offers.some((offer) => offer.name === name)) continue;
      const unknown = new Fault({
        code: "network.unknown",
        message: `the ${credentials.kind} does not open a network '${name}'`,
        hint: `It opens: ${listed(offers.map((one) => one.name))}.`,
      });
      this.#failed(name, unknown);
    }
    return this.#ending.signal.aborted ? [] : offers.filter(({ name }) => this.#wants(name));
  }

  /** Returns the delay before the next attempt. @throws final errors */
  #retryAfter(error: unknown): number {
    if (error instanceof Refused) return this.#after(error.end, false);
    if (!(error instanceof Unreachable)) throw error;
    return this.#retry(error, this.#backoff.next());
  }

  /**
   * Returns the delay after the end of a connection.
   *
   * @param isWell whether the connection worked and was cut
   * @throws Fault for a final end
   */
  #after(end: TunnelEnd, isWell: boolean): number {
    const { relay, credentials } = this.#options;
    const { after, fault } = judgeEnd(relay, credentials, end);
    if (after === "stop") throw fault;
    if (after === "reconnect-soon") {
      this.#restarts++;
      // A relay that repeats this is not restarting.
      if (this.#restarts <= MAX_RESTARTS) return this.#retry(fault, Math.random() * 1_000);
    }
    return this.#retry(fault, isWell ? 0 : this.#backoff.next());
  }

  #retry(why: Fault, delay: number): number {
    this.#options.events.reconnecting([...this.#networks.values()], why, delay);
    return delay;
  }
}

/** Returns whether a middlebox may have ended the connection, such as a balancer that cuts each after half a minute. */
function isCut({ code, isOurs }: TunnelEnd): boolean {
  return (
    isOurs !== true &&
    (code === LOST || code === NO_CODE || code === Close.normal || code === Close.goingAway)
  );
}

/** Maximum names listed in an error about an unknown one. */
const LISTED = 20;

function listed(names: readonly string[]): string {
  const more = names.length - LISTED;
  return names.slice(0, LISTED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function offerOf(connection: TunnelConnection, vni: number | undefined): NetworkOffer | undefined {
  return connection.welcome.networks.find((network) => network.vni === vni);
}
