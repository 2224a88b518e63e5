import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Bridge, BridgeEventData, Outcome } from "../../rpc/bridge.ts";
import type { NetworkStatus, Peer } from "../../rpc/shapes.ts";
import { TrafficHistory } from "./traffic.ts";

/** The networks of this machine and their other members, as the agent reports them. */
export class Networks {
  readonly #bridge: Bridge;
  readonly #byId = signal<ReadonlyMap<string, NetworkStatus>>(new Map());
  readonly #peers = new Map<string, Signal<readonly Peer[] | undefined>>();
  readonly #loaded = signal(false);
  /** By name. */
  readonly list: ReadonlySignal<readonly NetworkStatus[]> = computed(() =>
    [...this.#byId.value.values()].sort(
      (one, other) =>
        one.network.localeCompare(other.network) ||
        (one.tenant ?? "").localeCompare(other.tenant ?? "") ||
        one.id.localeCompare(other.id),
    ),
  );
  readonly traffic = new TrafficHistory();
  readonly peerTraffic = new TrafficHistory();

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
    bridge.on("changed", (event) => this.#changed(event));
    bridge.on("peer", ({ id, peer }) => this.#peer(id, peer));
    bridge.on("traffic", (event) => this.#traffic(event));
  }

  /** Whether the agent has sent its list of networks. */
  get loaded(): boolean {
    return this.#loaded.value;
  }

  get(id: string | undefined): NetworkStatus | undefined {
    return id === undefined ? undefined : this.#byId.value.get(id);
  }

  /** Reads everything again, because the agent does not repeat events missed while the connection was down. */
  async refresh(): Promise<void> {
    const answer = await this.#bridge.call("status", {});
    if (!answer.ok) return;
    batch(() => {
      this.#byId.value = new Map(answer.result.networks.map((network) => [network.id, network]));
      this.#loaded.value = true;
    });
    await Promise.all([...this.#peers.keys()].map((id) => this.readPeers(id)));
  }

  /** Forgets everything, because the agent's state is unknown while it is away. */
  unknown(): void {
    batch(() => {
      this.#loaded.value = false;
      this.#byId.value = new Map();
      for (const peers of this.#peers.values()) peers.value = undefined;
    });
  }

  /** The other members, online ones first, then by name; undefined until they are known. */
  peers(id: string): ReadonlySignal<readonly Peer[] | undefined> {
    const known = this.#peers.get(id);
    if (known !== undefined) return known;
    const made = signal<readonly Peer[] | undefined>(undefined);
    this.#peers.set(id, made);
    void this.readPeers(id);
    return made;
  }

  /** Reads a network's members again, because the agent sends no events for their counters alone. */
  async readPeers(id: string): Promise<void> {
    const answer = await this.#bridge.call("peers", { network: id });
    const peers = this.#peers.get(id);
    if (peers === undefined) return;
    if (!answer.ok) {
      peers.value ??= [];
      return;
    }
    for (const peer of answer.result.peers) this.#countPeer(id, peer);
    peers.value = sortPeers(answer.result.peers);
  }

  async setOn(id: string, on: boolean): Promise<Outcome<unknown>> {
    if (!on) return await this.#bridge.call("down", { network: id });
    return this.#keep(await this.#bridge.call("up", { network: id }));
  }

  async setAutostart(id: string, autostart: boolean): Promise<Outcome<unknown>> {
    return this.#keep(await this.#bridge.call("autostart.set", { network: id, autostart }));
  }

  leave(id: string): Promise<Outcome<unknown>> {
    return this.#bridge.call("leave", { network: id });
  }

  wake(id: string, mac: string): Promise<Outcome<unknown>> {
    return this.#bridge.call("wake", { network: id, mac });
  }

  /** Joins by an invite, and brings up the network that it opens. */
  async join(link: string, name: string | undefined): Promise<Outcome<readonly string[]>> {
    const answer = await this.#bridge.call("join", { link, ...(name === undefined ? {} : { name }) });
    if (!answer.ok) return answer;
    const ids = answer.result.networks.map(({ id }) => id);
    for (const id of ids) {
      const up = await this.setOn(id, true);
      if (!up.ok) return up;
    }
    return { ok: true, result: ids };
  }

  #keep(answer: Outcome<{ network: NetworkStatus }>): Outcome<unknown> {
    if (answer.ok) this.#changed({ networks: [answer.result.network], removed: [] });
    return answer;
  }

  #changed({ networks, removed }: BridgeEventData<"changed">): void {
    const byId = new Map(this.#byId.peek());
    for (const network of networks) {
      // Only members of a network see the others, so an earlier list may have been empty.
      const came = network.state === "up" && byId.get(network.id)?.state !== "up";
      if (came && this.#peers.has(network.id)) void this.readPeers(network.id);
      byId.set(network.id, network);
    }
    for (const id of removed) {
      byId.delete(id);
      this.#peers.delete(id);
      this.traffic.forget(id);
    }
    this.#byId.value = byId;
  }

  #peer(id: string, peer: Peer): void {
    const peers = this.#peers.get(id);
    const known = peers?.peek();
    if (peers === undefined || known === undefined) return;
    this.#countPeer(id, peer);
    const all = sortPeers([...known.filter(({ vtep }) => vtep !== peer.vtep), peer]);
    peers.value = withoutForgotten(all);
  }

  #traffic({ at, networks }: BridgeEventData<"traffic">): void {
    const seconds = Date.parse(at) / 1_000;
    const byId = new Map(this.#byId.peek());
    batch(() => {
      for (const { id, rx_bytes, tx_bytes, latency_ms } of networks) {
        const network = byId.get(id);
        if (network === undefined) continue;
        byId.set(id, { ...network, rx_bytes, tx_bytes, latency_ms });
        this.traffic.count(id, { at: seconds, rx: rx_bytes, tx: tx_bytes });
      }
      this.#byId.value = byId;
    });
  }

  #countPeer(id: string, { vtep, rx_bytes, tx_bytes }: Peer): void {
    if (rx_bytes === null || tx_bytes === null) return;
    this.peerTraffic.count(peerKey(id, vtep), { at: Date.now() / 1_000, rx: rx_bytes, tx: tx_bytes });
  }
}

/** Returns a key for a member, unique among the members of all networks. */
export function peerKey(network: string, vtep: string): string {
  return JSON.stringify([network, vtep]);
}

/** Greatest number of offline members shown, which is as many as the agent remembers. */
const AWAY = 256;

/** Removes the members that the agent has forgotten meanwhile: those that went away first. */
function withoutForgotten(peers: readonly Peer[]): readonly Peer[] {
  const away = peers.flatMap(({ last_seen: at }) => at ?? []).sort();
  const oldest = away.at(-AWAY);
  if (away.length <= AWAY || oldest === undefined) return peers;
  return peers.filter(({ last_seen: at }) => at === null || at >= oldest);
}

function sortPeers(peers: readonly Peer[]): readonly Peer[] {
  return [...peers].sort(
    (one, other) => Number(other.online) - Number(one.online) || one.name.localeCompare(other.name),
  );
}
