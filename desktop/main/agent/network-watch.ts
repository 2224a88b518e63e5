import type { EventData } from "../../rpc/schema.ts";
import type { NetworkStatus, Peer } from "../../rpc/shapes.ts";

/** A change of a network or a member that may be notified. */
export type NetworkChange =
  | { readonly kind: "lost" | "back" | "up"; readonly network: NetworkStatus }
  | { readonly kind: "failed"; readonly network: NetworkStatus; readonly why: string }
  | { readonly kind: "online" | "offline"; readonly network: NetworkStatus; readonly peer: Peer };

/**
 * Milliseconds after a network came up in which its members are not news: otherwise all of them would be reported each
 * time.
 */
const SETTLING_MS = 10_000;

/** Maximum members remembered of a network; further ones are not reported. */
const PEERS = 1_024;

/** Keeps the agent's reports of networks, and finds changes. */
export class NetworkWatch {
  readonly #changed: (change: NetworkChange) => void;
  readonly #now: () => number;
  readonly #networks = new Map<string, NetworkStatus>();
  /** By network, then by member: whether it was online. */
  readonly #online = new Map<string, Map<string, boolean>>();
  /** Times when networks were seen to come up. */
  readonly #upAt = new Map<string, number>();

  /** @param now milliseconds, never going back */
  constructor(changed: (change: NetworkChange) => void, now: () => number) {
    this.#changed = changed;
    this.#now = now;
  }

  get networks(): readonly NetworkStatus[] {
    return [...this.#networks.values()];
  }

  /** Starts with the complete list after connecting; changes from before are not reported. */
  reset(networks: readonly NetworkStatus[]): void {
    this.#networks.clear();
    this.#online.clear();
    this.#upAt.clear();
    for (const network of networks) this.#networks.set(network.id, network);
  }

  networksChanged({ networks, removed }: EventData<"changed">): void {
    for (const id of removed) {
      this.#networks.delete(id);
      this.#online.delete(id);
      this.#upAt.delete(id);
    }
    for (const network of networks) {
      const before = this.#networks.get(network.id);
      this.#networks.set(network.id, network);
      if (network.state === "up" && before?.state !== "up") this.#upAt.set(network.id, this.#now());
      const change = before === undefined ? undefined : changeOf(before, network);
      if (change !== undefined) this.#changed(change);
    }
  }

  peerChanged({ id, peer }: EventData<"peer">): void {
    const network = this.#networks.get(id);
    if (network === undefined) return;
    const online = this.#online.get(id) ?? new Map<string, boolean>();
    this.#online.set(id, online);
    const before = online.get(peer.vtep);
    if (before === undefined && online.size >= PEERS) return;
    online.set(peer.vtep, peer.online);
    // An unknown member may have been online all along: only coming online is news.
    if (before === peer.online || (before === undefined && !peer.online)) return;
    // Without the relay no member is visible, which says nothing about them.
    if (network.state !== "up" || this.#isSettling(id)) return;
    this.#changed({ kind: peer.online ? "online" : "offline", network, peer });
  }

  #isSettling(id: string): boolean {
    return this.#now() - (this.#upAt.get(id) ?? Number.NEGATIVE_INFINITY) < SETTLING_MS;
  }

  /** Notes the members without reporting them. */
  peersKnown(id: string, peers: readonly Peer[]): void {
    this.#online.set(id, new Map(peers.slice(0, PEERS).map((peer) => [peer.vtep, peer.online])));
  }
}

function changeOf(before: NetworkStatus, now: NetworkStatus): NetworkChange | undefined {
  if (before.state === now.state) return undefined;
  if (now.state === "failed") return { kind: "failed", network: now, why: now.error?.message ?? "" };
  if (now.state === "reconnecting" && before.state === "up") return { kind: "lost", network: now };
  if (now.state !== "up") return undefined;
  return { kind: before.state === "reconnecting" ? "back" : "up", network: now };
}
