import { parseMac } from "../../../../shared/frame/mac.ts";
import { Fault } from "../../../../shared/values/fault.ts";
import type { NetworkState, NetworkStatus, Peer, Problem } from "../../../rpc/shapes.ts";
import { Prober } from "../../diagnostics/prober.ts";
import type { RequestedInterface } from "../../network/interfaces.ts";
import type { LocalNetwork } from "../../network/local-network.ts";
import { problemOf } from "../../trust/refusal.ts";
import type { KeptNetwork } from "../agent-store.ts";
import type { MemberBudget } from "./member-budget.ts";
import { PeerLatency } from "./peer-latency.ts";
import { PeerTable } from "./peer-table.ts";

/** How long a member's measured latency is valid, in milliseconds. */
const FRESH_MS = 4_000;
/** Maximum time for a member's answer, in milliseconds. */
const PATIENCE_MS = 1_000;

export interface ManagedNetworkEvents {
  /** Its status changed. */
  changed(network: ManagedNetwork): void;
  peer(network: ManagedNetwork, peer: Peer): void;
}

/** A network of the agent: its wanted state and its current one. */
export class ManagedNetwork {
  readonly id: string;
  /** The stored part: changed here, saved by the agent. */
  readonly kept: KeptNetwork;
  readonly peers: PeerTable;
  /** As the relay said at enrolment, or since. */
  vni: number | null;
  readonly #events: ManagedNetworkEvents;
  #state: NetworkState = "down";
  #since = new Date();
  #error: Problem | null = null;
  #local: LocalNetwork | undefined;
  #latency: PeerLatency | undefined;
  #prober: Prober | undefined;
  #measuring: Promise<void> | undefined;
  #measuredAt = Number.NEGATIVE_INFINITY;
  /** Its addresses at the last look. */
  #addresses = "";
  #members = 0;
  /** Returns the round trip to its relay, in milliseconds. */
  latencyOf: () => number | undefined = () => undefined;

  /** @param budget memory for the members of all networks together */
  constructor(
    id: string,
    kept: KeptNetwork,
    vni: number | null,
    events: ManagedNetworkEvents,
    budget: MemberBudget,
  ) {
    this.id = id;
    this.kept = kept;
    this.vni = vni;
    this.#events = events;
    this.peers = new PeerTable((peer) => {
      events.peer(this, peer);
      if (this.peers.online !== this.#members) events.changed(this);
      this.#members = this.peers.online;
    }, budget);
  }

  get name(): string {
    return this.kept.network;
  }

  get state(): NetworkState {
    return this.#state;
  }

  /** The local network, while it has an interface. */
  get local(): LocalNetwork | undefined {
    return this.#local;
  }

  /** Sends probes to other agents and answers theirs, while the network has an interface. */
  get prober(): Prober | undefined {
    return this.#prober;
  }

  get error(): Problem | null {
    return this.#error;
  }

  get requested(): RequestedInterface {
    const { tap, address, mac, offload = true, allow_overlap: allowOverlap } = this.kept;
    return { tap, address, mac: mac === undefined ? undefined : parseMac(mac), offload, allowOverlap };
  }

  /** Sets the status: it is to be up, and the agent is connecting. */
  connecting(): void {
    if (this.#state === "up" || this.#state === "reconnecting") return;
    this.#become("connecting", null);
  }

  up(local: LocalNetwork): void {
    if (this.#local !== local) {
      this.#local = local;
      this.#latency = new PeerLatency(local, this.peers);
      this.#prober = new Prober(local);
    }
    this.vni = local.offer.vni;
    this.#addresses = JSON.stringify(local.addresses());
    this.#become("up", null);
  }

  /** Sets the status: the relay is unreachable and will be retried. */
  away(why: Fault): void {
    this.peers.lost();
    this.#become(this.#local === undefined ? "connecting" : "reconnecting", toProblem(why));
  }

  /** Updates the status after a change to its interface. */
  interfaceChanged(): void {
    this.#events.changed(this);
  }

  /** Updates the status after a notice of the hub. */
  noticed(): void {
    this.#events.changed(this);
  }

  /** Sets the status: its interface is gone. */
  interfaceGone(local: LocalNetwork): void {
    if (this.#local !== local) return;
    this.#forgetInterface();
    if (this.#state === "up" || this.#state === "reconnecting") this.#become("connecting", this.#error);
  }

  /** Sets the status: it failed for good and is not retried. */
  failed(error: unknown): void {
    this.#forgetInterface();
    this.#become("failed", toProblem(error));
  }

  down(): void {
    this.#forgetInterface();
    this.#become("down", null);
  }

  /** Reports the interface's addresses if they changed since the last call. */
  lookAtAddresses(): void {
    const now = this.#local === undefined ? "" : JSON.stringify(this.#local.addresses());
    if (now === this.#addresses) return;
    this.#addresses = now;
    this.#events.changed(this);
  }

  /** Measures the latency of members, unless it is known. */
  async measure(): Promise<void> {
    if (this.#state !== "up" || performance.now() - this.#measuredAt < FRESH_MS) return this.#measuring;
    this.#measuredAt = performance.now();
    this.#measuring = this.#latency?.measure(PATIENCE_MS).finally(() => {
      this.#measuring = undefined;
    });
    await this.#measuring;
  }

  status(): NetworkStatus {
    const { kept } = this;
    const local = this.#local;
    const addresses = local?.addresses();
    const what = local?.describe();
    return {
      id: this.id,
      network: kept.network,
      tenant: kept.tenant,
      relay: kept.relay,
      vni: this.vni,
      state: this.#state,
      wanted: kept.wanted,
      autostart: kept.autostart,
      tap: what?.tap ?? null,
      mac: what?.mac ?? null,
      address: addresses?.ipv4[0] ?? what?.address ?? addresses?.ipv6[0] ?? null,
      address6: addresses?.linkLocal ?? null,
      mtu: local?.offer.mtu ?? null,
      members: this.peers.online,
      ...this.traffic(),
      error: this.#error,
      warnings: local?.warnings ?? [],
      since: this.#since.toISOString(),
      access: kept.token === undefined ? "device" : "token",
    };
  }

  /** Returns counters as the network sees this machine: bytes that the port sends into the TAP were received by it. */
  traffic(): { rx_bytes: number; tx_bytes: number; latency_ms: number | null } {
    const port = this.#local?.port;
    const latency = this.#state === "up" ? this.latencyOf() : undefined;
    return {
      rx_bytes: port?.txBytes ?? 0,
      tx_bytes: port?.rxBytes ?? 0,
      latency_ms: latency === undefined ? null : Math.round(latency * 10) / 10,
    };
  }

  #forgetInterface(): void {
    this.#local = undefined;
    this.#latency = undefined;
    this.#prober = undefined;
    this.peers.lost();
  }

  #become(state: NetworkState, error: Problem | null): void {
    if (state !== this.#state) this.#since = new Date();
    this.#state = state;
    this.#error = error;
    this.#events.changed(this);
  }
}

/** Returns an error as users see it. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Fault) return problemOf(error);
  return {
    code: "agent.internal",
    message: "internal error in the agent",
    hint: "Please report this bug with the agent's log.",
  };
}
