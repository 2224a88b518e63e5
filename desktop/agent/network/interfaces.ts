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

/** What is asked of a network's interface. */
export interface RequestedInterface {
  readonly tap?: string | undefined;
  /** CIDR, or `none`; what the relay assigns, without it. */
  readonly address?: string | undefined;
  /** 48 bits; this device's own on the network, without it. */
  readonly mac?: number | undefined;
  /** Where virtual machines connect; there is an interface besides only where one is named or given an address. */
  readonly qemu?: readonly QemuAddress[] | undefined;
  readonly offload: boolean;
  /** Whether the relay's addresses may take what this machine reaches in other ways; not so unless told. */
  readonly allowOverlap?: boolean | undefined;
}

/** What becomes of virtual machines. */
export interface MachineEvents {
  /** Where one can connect. */
  listening(network: string, at: string): void;
  connected(network: string, machine: string): void;
  gone(network: string, why: Error): void;
}

/** One interface for all networks. */
export interface TrunkOptions {
  readonly members: readonly TrunkMember[];
  /** Told once for each VLAN of which frames are dropped. */
  unmapped(vlan: number, tap: string): void;
  /** Told at the end how many were. */
  dropped(vlans: readonly (readonly [vlan: number, frames: number])[]): void;
}

export interface InterfacesOptions {
  /** This device's id, which its MAC addresses come from. */
  readonly device: string;
  /** What tells networks of one name apart: relay and tenant, where there may be several. */
  readonly place: readonly string[];
  /** By the network's name; with a trunk they are the same for all. */
  requestFor(network: string): RequestedInterface;
  /** Whether all networks are requested alike. */
  readonly alike: boolean;
  readonly trunk?: TrunkOptions | undefined;
  readonly machines?: MachineEvents | undefined;
  /** Told what people should know, and nobody has to. */
  readonly inform: (message: string) => void;
}

/** The interfaces of the networks of one tunnel: one for each, or one for all where they are on a trunk. */
export class Interfaces {
  readonly #options: InterfacesOptions;
  readonly #signal: AbortSignal;
  readonly #trunk: TrunkNetworks | undefined;
  readonly #opened = new Set<string>();
  /** The relay's addresses, which no network of it may take. */
  readonly #relay: KeptAddresses = outside.keep([]);
  /** What a trunk's own interface is given, once it is known. */
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
   * Brings one of the networks up.
   *
   * @param failed told when the interface is gone
   * @param offers of all of them
   * @param relay its addresses
   * @param check asks the relay about an address that the user chose
   * @throws Fault those of {@link openInterface}, `address.refused`, `usage.networks`, `network.changed`; the signal's reason
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
    // Only the relay knows how many networks there are where none was named.
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

  /** The interface is the untagged network's, if there is one, and the other networks bring nothing for it. */
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

  /** Has virtual machines connect to a network. */
  async #listen(address: QemuAddress, network: LocalNetwork): Promise<void> {
    const { name } = network.offer;
    const { machines } = this.#options;
    const listener = await QemuListener.open(address, this.#signal, (device) => {
      machines?.connected(name, device.name);
      network.plug(device, (why) => machines?.gone(name, why));
    });
    network.beforeClose(() => listener.close());
    machines?.listening(name, listener.at);
  }

  /** Keeps the relay, and what it is reached through, outside of its networks. @param addresses all that are known */
  async reached(addresses: readonly string[]): Promise<void> {
    await this.#relay.update(addresses);
  }

  /** Takes down what the networks share, and says what was dropped there. */
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

  /** Looks at an address that the user has chosen: it is not refused, but what it takes is said. */
  async #findOverlaps(offer: NetworkOffer, requested: RequestedInterface): Promise<Problem[]> {
    const { address, allowOverlap = false, tap } = requested;
    if (address === undefined || address === "none" || allowOverlap) return [];
    const machine = await readMachine({ except: tap, signal: this.#signal });
    return overlapProblems(offer.name, tap, [address], machine);
  }

  /**
   * Asks the relay what speaks against the address that the user chose, before an interface has it.
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
   * What the network gives, or in its place what was asked for, as far as this machine lets it.
   *
   * @param made the interface, where it is there already
   */
  #judge(offer: NetworkOffer, relay: readonly string[], made?: string): Promise<JudgedInterface> {
    const { address, allowOverlap = false, tap = made } = this.#options.requestFor(offer.name);
    const ipv6 = hasIpv6(offer.mtu);
    return judgeInterface({ offer, address, ipv6, allowOverlap, relay, tap, signal: this.#signal });
  }
}

let turn: Promise<unknown> = Promise.resolve();

/** Waits for other networks of this process to be set up: each is judged by what the others have. */
function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  const result = turn.then(work);
  turn = result.catch(() => {});
  return result;
}

/** Whether they say of an interface what can be so of one network's alone. */
export function isForOneNetwork({ tap, address, mac, qemu }: Partial<RequestedInterface>): boolean {
  const isAddressed = address !== undefined && address !== "none";
  return tap !== undefined || isAddressed || mac !== undefined || qemu !== undefined;
}

export function forOneNetwork(): Fault {
  return usage(
    "usage.networks",
    "--tap, --address, --mac and --qemu are for one network",
    "Name it, and run 'laneway up' once for each.",
  );
}
