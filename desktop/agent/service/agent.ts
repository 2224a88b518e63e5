import { createHash } from "node:crypto";
import { formatMac } from "../../../shared/frame/mac.ts";
import { Fault } from "../../../shared/values/fault.ts";
import type { NetworkStatus, Peer } from "../../rpc/shapes.ts";
import { deviceCredentials, tokenCredentials } from "../identity/credentials.ts";
import { type DeviceStore, type EnrolledDevice, relayText } from "../identity/device-store.ts";
import { merged, type Reach } from "../reach/reach.ts";
import type { AgentState, AgentStore, KeptNetwork } from "./agent-store.ts";
import type { AgentLog } from "./log.ts";
import { AgentTunnel } from "./networks/agent-tunnel.ts";
import { ManagedNetwork } from "./networks/managed-network.ts";
import { MemberBudget } from "./networks/member-budget.ts";
import { findNetwork, type GivenRef, readRelay } from "./networks/network-ref.ts";

/** Interval between looks at interface addresses, in milliseconds, because no event reports them. */
const ADDRESSES_MS = 2_000;

/** Interval between reports of changed members, in milliseconds: a relay may report thousands at once. */
const PEERS_MS = 50;

export interface AgentOptions {
  /** This device's ID. */
  readonly device: string;
  readonly store: AgentStore;
  readonly devices: DeviceStore;
  readonly log: AgentLog;
}

export interface AgentEvents {
  /** Called with changed networks, and the IDs of removed ones. */
  changed(networks: NetworkStatus[], removed: string[]): void;
  peer(id: string, peer: Peer): void;
}

/** The request for a network that is to be up. */
export interface UpRequest {
  readonly token?: string | undefined;
  readonly tap?: string | undefined;
  readonly address?: string | undefined;
  readonly mac?: string | undefined;
  readonly offload?: boolean | undefined;
  readonly allow_overlap?: boolean | undefined;
  readonly proxy?: string | undefined;
  readonly ca?: string | undefined;
}

/** This machine's networks: lists them, and keeps up those that should be. */
export class Agent {
  readonly log: AgentLog;
  readonly devices: DeviceStore;
  readonly state: AgentState;
  readonly #options: AgentOptions;
  readonly #networks = new Map<string, ManagedNetwork>();
  /** Tunnels by credentials: see {@link accessKey}. */
  readonly #tunnels = new Map<string, AgentTunnel>();
  readonly #listeners = new Set<AgentEvents>();
  readonly #changed = new Set<ManagedNetwork>();
  #removed: string[] = [];
  readonly #memberBudget = new MemberBudget();
  /** Changed members that are still to be reported. */
  readonly #peers = new Map<string, { readonly id: string; readonly peer: Peer }>();
  #tellingPeers: ReturnType<typeof setTimeout> | undefined;
  #telling = false;
  #watch: ReturnType<typeof setInterval> | undefined;
  /** Changes of networks run one after the other. Never rejects. */
  #work: Promise<unknown> = Promise.resolve();

  /** @throws Fault those of {@link AgentStore.load} */
  constructor(options: AgentOptions) {
    this.#options = options;
    this.log = options.log;
    this.devices = options.devices;
    this.state = options.store.load();
  }

  /** Brings up the wanted networks. @throws Fault if the state can't be read or written */
  start(): void {
    this.#enlist(this.devices.enrolled());
    this.save();
    for (const network of this.#networks.values()) if (network.kept.wanted) this.#bringUp(network);
    this.#watch = setInterval(() => this.#lookAtAddresses(), ADDRESSES_MS);
  }

  /** Takes all networks down; the next {@link start} brings them up again. */
  async close(): Promise<void> {
    clearInterval(this.#watch);
    await this.#work;
    await Promise.all([...this.#tunnels.values()].map((tunnel) => tunnel.close()));
  }

  get networks(): ManagedNetwork[] {
    return [...this.#networks.values()];
  }

  /** Returns every network, including those for which another program enrolled this machine meanwhile. */
  status(): NetworkStatus[] {
    this.#refresh();
    return this.networks.map((network) => network.status());
  }

  /** @throws Fault `network.unknown`, `network.ambiguous` */
  find(ref: GivenRef): ManagedNetwork {
    this.#refresh();
    return findNetwork(this.networks, ref);
  }

  /** Adds a listener. @returns a function that removes it */
  follow(listener: AgentEvents): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Adds the networks of a new enrolment. @returns them */
  enrolled(device: EnrolledDevice): ManagedNetwork[] {
    this.#enlist([device]);
    return this.networks.filter(
      ({ kept }) =>
        kept.token === undefined && kept.relay === relayText(device.relay) && kept.tenant === device.tenant,
    );
  }

  /**
   * Brings a network up and keeps it up.
   *
   * @throws Fault `network.unknown`, `network.ambiguous`, `usage.relay`, `state.unwritable`
   */
  up(ref: GivenRef, request: UpRequest): Promise<ManagedNetwork> {
    return this.#inTurn(async () => {
      const network = request.token === undefined ? this.find(ref) : this.#byToken(ref, request.token);
      const { tap, address, mac, offload, allow_overlap, proxy, ca } = request;
      const { url: _, ...named } = ref.relay === undefined ? {} : readRelay(ref.relay);
      const before = JSON.stringify(network.kept);
      const given = Object.entries({ tap, address, mac, offload, allow_overlap }).filter(
        ([, value]) => value !== undefined,
      );
      Object.assign(network.kept, Object.fromEntries(given));
      this.#reachBy(network.kept, { ...named, proxy, ca });
      const asBefore = before === JSON.stringify(network.kept);
      network.kept.wanted = true;
      this.save();
      // An interface is created as requested, so another request needs a new interface.
      if (!asBefore) await this.#takeDown(network);
      this.#bringUp(network);
      return network;
    });
  }

  /** Takes a network down and keeps it down; all of them if none is given. Resolves once the interfaces are gone. */
  down(ref: GivenRef | undefined): Promise<ManagedNetwork[]> {
    return this.#inTurn(async () => {
      const networks = ref === undefined ? this.networks.filter(({ kept }) => kept.wanted) : [this.find(ref)];
      for (const { kept } of networks) kept.wanted = false;
      this.save();
      await Promise.all(networks.map((network) => this.#takeDown(network)));
      return networks;
    });
  }

  /** Takes a network down and forgets it; also the device's key if it opened no other network. */
  leave(ref: GivenRef): Promise<string> {
    return this.#inTurn(async () => {
      const network = this.find(ref);
      network.kept.wanted = false;
      await this.#takeDown(network);
      this.#forget(network);
      return network.id;
    });
  }

  setAutostart(ref: GivenRef, autostart: boolean): ManagedNetwork {
    const network = this.find(ref);
    network.kept.autostart = autostart;
    this.save();
    this.#touch(network);
    return network;
  }

  /** Returns how a network's relay is reached: as given for it, else as given at enrolment, else as for all relays. */
  reachOf(kept: KeptNetwork): Reach {
    let device: EnrolledDevice | undefined;
    try {
      device = kept.token === undefined ? this.#findDevice(kept) : undefined;
    } catch (error) {
      this.log.add("error", "state.unreadable", error instanceof Error ? error.message : String(error));
    }
    return { ...merged(device?.reach ?? {}, kept.reach ?? {}), ...this.usual };
  }

  /** Returns how any relay is reached, by its base URL, from its known networks and administrators. */
  reachTo(relay: string): Reach {
    const admin = this.state.admins.find((one) => one.relay === relay)?.reach ?? {};
    const network = this.networks.find(({ kept }) => kept.relay === relay)?.kept;
    return { ...merged(network === undefined ? {} : this.reachOf(network), admin), ...this.usual };
  }

  /** The agent's settings for reaching any relay. */
  get usual(): Reach {
    const { proxy } = this.state.settings;
    return proxy === undefined || proxy === null ? {} : { usualProxy: proxy };
  }

  /** Makes waiting tunnels connect now. */
  retry(): void {
    for (const tunnel of this.#tunnels.values()) tunnel.retry();
  }

  /** Stores the wanted state. @throws Fault `state.unwritable` */
  save(): void {
    this.state.networks = this.networks.map(({ kept }) => kept);
    this.#options.store.save(this.state);
  }

  #bringUp(network: ManagedNetwork): void {
    const { kept } = network;
    const key = accessKey(kept);
    const running = this.#tunnels.get(key);
    if (running !== undefined) return running.add(network);
    const { device, log } = this.#options;
    const relay = new URL(kept.relay);
    let credentials: ReturnType<typeof tokenCredentials>;
    try {
      credentials = kept.token === undefined ? this.#deviceOf(kept) : tokenCredentials(kept.token);
    } catch (error) {
      return network.failed(error);
    }
    const tunnel = new AgentTunnel(
      {
        relay,
        reach: () => this.reachOf(kept),
        credentials,
        device,
        place: kept.tenant === null ? [] : [kept.relay, kept.tenant],
        log,
        named: (one) => this.#named(one),
        ended: (one) => {
          if (this.#tunnels.get(key) === one) this.#tunnels.delete(key);
        },
      },
      network,
    );
    this.#tunnels.set(key, tunnel);
  }

  async #takeDown(network: ManagedNetwork): Promise<void> {
    await this.#tunnels.get(accessKey(network.kept))?.remove(network);
    network.down();
  }

  #findDevice({ relay, tenant }: Pick<KeptNetwork, "relay" | "tenant">): EnrolledDevice | undefined {
    return this.devices.enrolled().find((one) => relayText(one.relay) === relay && one.tenant === tenant);
  }

  /** Networks of one tunnel use one reach. */
  #reachBy(kept: KeptNetwork, reach: Reach): void {
    if (Object.values(reach).every((value) => value === undefined)) return;
    for (const network of this.networks) {
      if (accessKey(network.kept) === accessKey(kept))
        network.kept.reach = merged(network.kept.reach ?? {}, reach);
    }
  }

  #deviceOf({ relay, tenant, network }: KeptNetwork) {
    const device = this.#findDevice({ relay, tenant });
    if (device !== undefined) {
      return deviceCredentials({ relay: device.relay, device: device.enrolment.device, key: device.key });
    }
    throw new Fault({
      code: "network.unknown",
      message: `this machine is no longer enrolled for the network '${network}'`,
      hint: "Open an invite with 'laneway join LINK'.",
    });
  }

  /** Stores the MAC address of a network's interface, so that it never changes. */
  #named({ kept, local }: ManagedNetwork): void {
    if (kept.mac !== undefined || local === undefined) return;
    kept.mac = formatMac(local.overlay.mac);
    try {
      this.save();
    } catch (error) {
      this.log.add("error", "state.unwritable", error instanceof Error ? error.message : String(error));
    }
  }

  /** Reads the state again, because another program may have changed it. If it is unreadable, the known state stays. */
  #refresh(): void {
    try {
      this.#enlist(this.devices.enrolled());
    } catch (error) {
      this.log.add("error", "state.unreadable", error instanceof Error ? error.message : String(error));
    }
  }

  #enlist(devices: readonly EnrolledDevice[]): void {
    for (const kept of this.state.networks) if (kept.token !== undefined) this.#add(kept, null);
    for (const device of devices) {
      const relay = relayText(device.relay);
      for (const { name, vni } of device.enrolment.networks) {
        const kept = this.state.networks.find(
          (one) =>
            one.token === undefined &&
            one.relay === relay &&
            one.tenant === device.tenant &&
            one.network === name,
        );
        this.#add(
          kept ?? { relay, tenant: device.tenant, network: name, wanted: false, autostart: true },
          vni,
        );
      }
    }
  }

  #add(kept: KeptNetwork, vni: number | null): ManagedNetwork {
    const id = networkId(kept);
    const known = this.#networks.get(id);
    if (known !== undefined) return known;
    const events = {
      changed: (one: ManagedNetwork) => this.#touch(one),
      peer: (one: ManagedNetwork, peer: Peer) => this.#tellPeer(one.id, peer),
    };
    const network = new ManagedNetwork(id, kept, vni, events, this.#memberBudget);
    this.#networks.set(id, network);
    this.#touch(network);
    return network;
  }

  #byToken({ network, relay }: GivenRef, token: string): ManagedNetwork {
    if (relay === undefined) {
      throw new Fault({
        code: "usage.relay",
        message: "a token needs a relay",
        hint: "Name it with --relay URL.",
        exitCode: 2,
      });
    }
    const base = relayText(readRelay(relay).url);
    return this.#add({ relay: base, tenant: null, network, token, wanted: true, autostart: true }, null);
  }

  #forget(network: ManagedNetwork): void {
    const { kept } = network;
    this.#networks.delete(network.id);
    network.peers.clear();
    if (kept.token === undefined) {
      const device = this.#findDevice(kept);
      if (device !== undefined) this.devices.withdraw(device, kept.network);
    }
    this.save();
    this.#changed.delete(network);
    this.#removed.push(network.id);
    this.#tellSoon();
  }

  #lookAtAddresses(): void {
    for (const network of this.#networks.values()) {
      network.lookAtAddresses();
    }
  }

  #touch(network: ManagedNetwork): void {
    this.#changed.add(network);
    this.#tellSoon();
  }

  /** Several changes in a row are reported as one. */
  #tellSoon(): void {
    if (this.#telling) return;
    this.#telling = true;
    setImmediate(() => {
      this.#telling = false;
      const networks = [...this.#changed].map((network) => network.status());
      const removed = this.#removed;
      this.#changed.clear();
      this.#removed = [];
      for (const listener of this.#listeners) listener.changed(networks, removed);
    });
  }

  /** If a member changes repeatedly, callers get the last state. */
  #tellPeer(id: string, peer: Peer): void {
    this.#peers.set(JSON.stringify([id, peer.vtep]), { id, peer });
    this.#tellingPeers ??= setTimeout(() => {
      this.#tellingPeers = undefined;
      const changes = [...this.#peers.values()];
      this.#peers.clear();
      for (const change of changes) {
        for (const listener of this.#listeners) listener.peer(change.id, change.peer);
      }
    }, PEERS_MS).unref();
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#work.then(work);
    this.#work = result.catch(() => {});
    return result;
  }
}

/** Networks with the same key share a tunnel. */
function accessKey({ relay, tenant, token }: KeptNetwork): string {
  return [relay, tenant ?? "", token ?? ""].join("\n");
}

/** Returns a permanent ID of a network that does not reveal its token. */
function networkId(kept: KeptNetwork): string {
  return createHash("sha256")
    .update(`${accessKey(kept)}\n${kept.network}`)
    .digest("hex")
    .slice(0, 16);
}
