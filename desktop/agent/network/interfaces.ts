import { UNTAGGED_VLAN } from "../../../shared/frame/vlan.ts";
import type { NetworkOffer } from "../../../shared/protocol/control.ts";
import { Fault, usage } from "../../../shared/values/fault.ts";
import type { Problem } from "../../rpc/shapes.ts";
import { deviceMac } from "../identity/identity.ts";
import { keepNetwork } from "../interface/keep-network.ts";
import { InterfaceKeeper } from "../interface/keeper.ts";
import { overlapProblems } from "../interface/overlap-watch.ts";
import type { QemuAddress } from "../qemu/address.ts";
import { QemuListener } from "../qemu/listener.ts";
import { type KeptAddresses, outside } from "../system/outside-routes.ts";
import { hasIpv6 } from "../tap/link.ts";
import { type JudgedInterface, judgeInterface, nothingOf } from "../trust/interface.ts";
import { readMachine } from "../trust/machine.ts";
import type { CheckAddress } from "./address-checks.ts";
import { LocalNetwork } from "./local-network.ts";
import { type TrunkMember, TrunkNetworks } from "./trunk-networks.ts";

/** The interface that is requested for a network. */
export interface RequestedInterface {
  readonly tap?: string | undefined;
  /** CIDR, or `none`; by default the relay's assignment. */
  readonly address?: string | undefined;
  /** 48 bits; by default this device's own on the network. */
  readonly mac?: number | undefined;
  /**
   * Listening addresses for virtual machines. With them, there is an interface only if it is given a name or an
   * address.
   */
  readonly qemu?: readonly QemuAddress[] | undefined;
  readonly offload: boolean;
  /** Whether the relay's addresses may overlap with what this machine reaches otherwise; false by default. */
  readonly allowOverlap?: boolean | undefined;
}

/** Events of virtual machines. */
export interface MachineEvents {
  /** A virtual machine can connect at this address. */
  listening(network: string, at: string): void;
  connected(network: string, machine: string): void;
  gone(network: string, why: Error): void;
}

/** One interface for all networks. */
export interface TrunkOptions {
  readonly members: readonly TrunkMember[];
  /** Called once for each VLAN whose frames are dropped. */
  unmapped(vlan: number, tap: string): void;
  /** Called at the end with the number of dropped frames. */
  dropped(vlans: readonly (readonly [vlan: number, frames: number])[]): void;
}

export interface InterfacesOptions {
  /** This device's ID, from which its MAC addresses are derived. */
  readonly device: string;
  /** Relay and tenant, which tell networks of the same name apart if there may be several. */
  readonly place: readonly string[];
  /** Returns the request for a network by name; with a trunk all are alike. */
  requestFor(network: string): RequestedInterface;
  /** Whether all networks are requested alike. */
  readonly alike: boolean;
  readonly trunk?: TrunkOptions | undefined;
  readonly machines?: MachineEvents | undefined;
  /** Called with optional news for the user. */
  readonly inform: (message: string) => void;
}

/** The interfaces of one tunnel's networks: one for each, or one for all on a trunk. */
export class Interfaces {
  readonly #options: InterfacesOptions;
  readonly #signal: AbortSignal;
  readonly #trunk: TrunkNetworks | undefined;
  readonly #opened = new Set<string>();
  /** The relay's addresses, which none of its networks may capture. */
  readonly #relay: KeptAddresses = outside.keep([]);
  /** Values for a trunk's own interface, once known. */
  #untagged: JudgedInterface | undefined;

  constructor(options: InterfacesOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    const { trunk, requestFor } = options;
    if (trunk === undefined) return;
    const { tap: name, offload } = requestFor("");
    this.#trunk = new TrunkNetworks({
      members: trunk.members,
      link: { name, offload, inform: options.inform, signal },
      mac: (offer) => this.#mac(offer),
      prepare: async (subnets) => await this.#relay.prepare(subnets),
      addresses: () => ({ address: this.#untagged?.address, address6: this.#untagged?.address6 }),
      unmapped: (vlan, tap) => trunk.unmapped(vlan, tap),
    });
  }

  /**
   * Brings up one of the networks.
   *
   * @param failed called when the interface is gone
   * @param offers of all networks
   * @param relay its addresses
   * @param check asks the relay about an address that the user chose
   * @throws Fault those of {@link openInterface}, `address.refused`, `usage.networks`, `network.changed`; the signal's
   * reason
   */
  async open(
    offer: NetworkOffer,
    failed: (error: Error) => void,
    offers: readonly NetworkOffer[],
    relay: readonly string[],
    check: CheckAddress,
  ): Promise<LocalNetwork> {
    return await inTurn(() =>
      this.#trunk === undefined
        ? this.#open(offer, failed, relay, check)
        : this.#openOnTrunk(this.#trunk, offer, offers, relay, check),
    );
  }

  async #open(
    offer: NetworkOffer,
    failed: (error: Error) => void,
    relay: readonly string[],
    check: CheckAddress,
  ): Promise<LocalNetwork> {
    const requested = this.#options.requestFor(offer.name);
    // If the user named no network, only the relay knows how many there are.
    if (this.#opened.add(offer.name).size > 1 && this.#options.alike && isForOneNetwork(requested)) {
      throw forOneNetwork();
    }
    const mac = this.#mac(offer);
    const { tap: name, offload, qemu = [] } = requested;
    const isHere = qemu.length === 0 || isForOneNetwork({ ...requested, qemu: undefined });
    if (isHere) await this.#checkAddress(offer, check);
    const { refusals, names, ...addresses } = isHere ? await this.#judge(offer, relay) : nothingOf(offer);
    const { mtu } = offer;
    const link = { name, offload, inform: this.#options.inform, signal: this.#signal, mac, mtu, names };
    const { address, address6 } = addresses;
    const overlapping = await this.#findOverlaps(offer, requested);
    await this.#relay.prepare([address, address6].filter((one) => one !== undefined));
    const keeper = isHere ? await InterfaceKeeper.open({ ...link, ...addresses }) : undefined;
    const gone = keeper === undefined ? failed : () => keeper.check();
    const network = new LocalNetwork(offer, { tap: keeper?.tap, mac, ...addresses }, gone);
    network.given = { names, refusals };
    if (keeper !== undefined) {
      const judge = () => this.#judge(offer, relay, keeper.tap.name);
      const watched = { allowOverlap: requested.allowOverlap ?? false, judge, signal: this.#signal };
      keepNetwork(keeper, network, watched, overlapping);
    }
    try {
      for (const address of qemu) await this.#listen(address, network);
    } catch (error) {
      await network.close();
      throw error;
    }
    return network;
  }

  /** The interface belongs to the untagged network, if there is one; the others add nothing to it. */
  async #openOnTrunk(
    trunk: TrunkNetworks,
    offer: NetworkOffer,
    offers: readonly NetworkOffer[],
    relay: readonly string[],
    check: CheckAddress,
  ): Promise<LocalNetwork> {
    const { members = [] } = this.#options.trunk ?? {};
    const untagged = members.find(({ vlan }) => vlan === UNTAGGED_VLAN)?.network;
    const first = offers.find(({ name }) => name === untagged);
    if (first !== undefined && this.#untagged === undefined) await this.#checkAddress(first, check);
    if (first !== undefined) this.#untagged ??= await this.#judge(first, relay);
    const judged = this.#untagged;
    const accepted = offers.map((one) => {
      const { dns: _, ...rest } = one;
      return one === first && judged?.names === undefined ? rest : one;
    });
    const network = await trunk.open(offer, accepted);
    if (offer.name === untagged && judged !== undefined) network.given = judged;
    return network;
  }

  /** Lets virtual machines connect to a network. */
  async #listen(address: QemuAddress, network: LocalNetwork): Promise<void> {
    const { name } = network.offer;
    const { machines } = this.#options;
    const listener = await QemuListener.open(address, this.#signal, (device) => {
      machines?.connected(name, device.name);
      network.attachMachine(device, (why) => machines?.gone(name, why));
    });
    network.beforeClose(() => listener.close());
    machines?.listening(name, listener.at);
  }

  /**
   * Keeps the path to the relay outside of its networks. @param addresses all known addresses of the relay and its
   * proxies
   */
  async reached(addresses: readonly string[]): Promise<void> {
    await this.#relay.update(addresses);
  }

  /** Takes down the shared interface, and reports what was dropped there. */
  async close(): Promise<void> {
    await this.#trunk?.close();
    await this.#relay.release();
    const dropped = (await this.#trunk?.droppedVlans()) ?? [];
    this.#options.trunk?.dropped(dropped);
  }

  #mac({ name, vni }: NetworkOffer): number {
    const { device, place, requestFor } = this.#options;
    return requestFor(name).mac ?? deviceMac(device, [name, vni, ...place].join("\n"));
  }

  /** Looks for overlaps of an address that the user chose: it is not refused, but they are reported. */
  async #findOverlaps(offer: NetworkOffer, requested: RequestedInterface): Promise<Problem[]> {
    const { address, allowOverlap = false, tap } = requested;
    if (address === undefined || address === "none" || allowOverlap) return [];
    const machine = await readMachine({ except: tap, signal: this.#signal });
    return overlapProblems(offer.name, tap, [address], machine);
  }

  /**
   * Asks the relay for objections to an address that the user chose, before an interface has it.
   *
   * @throws Fault `address.refused`
   */
  async #checkAddress({ name, vni }: NetworkOffer, check: CheckAddress): Promise<void> {
    const { address } = this.#options.requestFor(name);
    if (address === undefined || address === "none") return;
    const { objection, given } = (await check(vni, address)) ?? {};
    if (objection === undefined) return;
    throw new Fault({
      code: "address.refused",
      message: `this machine can't have ${address} in network '${name}': ${objection}`,
      hint:
        given === undefined
          ? "Choose a free address of the network ('laneway address list' shows those that are taken), or leave --address out."
          : `Leave --address out: the relay gives this machine ${given}.`,
    });
  }

  /**
   * Returns the network's values, or the user's in their place, as far as this machine allows them.
   *
   * @param made the interface, if it exists already
   */
  #judge(offer: NetworkOffer, relay: readonly string[], made?: string): Promise<JudgedInterface> {
    const { address, allowOverlap = false, tap = made } = this.#options.requestFor(offer.name);
    const ipv6 = hasIpv6(offer.mtu);
    return judgeInterface({ offer, address, ipv6, allowOverlap, relay, tap, signal: this.#signal });
  }
}

let turn: Promise<unknown> = Promise.resolve();

/** Waits until other networks of this process are set up, because each is judged by what the others have. */
function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  const result = turn.then(work);
  turn = result.catch(() => {});
  return result;
}

/** Returns whether a request makes sense for one network's interface only. */
export function isForOneNetwork({ tap, address, mac, qemu }: Partial<RequestedInterface>): boolean {
  const isAddressed = address !== undefined && address !== "none";
  return tap !== undefined || isAddressed || mac !== undefined || qemu !== undefined;
}

export function forOneNetwork(): Fault {
  return usage(
    "usage.networks",
    "--tap, --address, --mac and --qemu are for one network",
    "Name the network, and run 'laneway up' once for each.",
  );
}
