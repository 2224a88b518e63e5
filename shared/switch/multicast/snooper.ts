import { formatAddress, type IpAddress, type Ipv4Address } from "../../frame/address.ts";
import { readUint32 } from "../../frame/bytes.ts";
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from "../../frame/ethernet.ts";
import { PROTOCOL_IGMP } from "../../frame/groups/igmp.ts";
import type { Budget } from "../budget.ts";
import type { HubSender } from "../hub-sender.ts";
import type { FrameView } from "../policy/frame-view.ts";
import type { Port } from "../port.ts";
import {
  type ControlFrame,
  isMld,
  type Judged,
  learnIgmp,
  learnMld,
  learnPim4,
  learnPim6,
} from "./control.ts";
import type { MulticastDomain } from "./domain.ts";
import { Greeter } from "./greeter.ts";
import { isLinkScope } from "./group-table.ts";
import { PROTOCOL_PIM } from "./pim-hello.ts";
import { type Full, MulticastRoom } from "./room.ts";
import { isFloodedIpv4, isFloodedIpv6 } from "./scope.ts";
import { VlanDomains } from "./vlan-domains.ts";

export interface SnooperOptions {
  /** The hub's MAC address in the segment. */
  readonly mac: number;
  readonly sender: HubSender;
  /** Whether traffic to groups without members goes to all ports, or to router ports only. */
  readonly floodUnregistered: boolean;
  /** The hub's IPv4 address in the segment; without one, its queries win no election. */
  readonly address?: Ipv4Address;
  /** Budget of memberships in the segment; one of its own unless given. */
  readonly budget?: Budget | undefined;
  /** Called with a port that has no room for its memberships. */
  readonly full?: Full;
  /** The version of the hub's IGMP queries: 3, or 2 for hosts that cannot read version 3. */
  readonly igmpVersion?: 2 | 3;
}

/** The receivers of a frame: all ports, or these. */
export type Receivers = "flood" | ReadonlySet<Port>;

/** A group with its members, for people. */
export interface GroupView {
  /** `239.1.2.3`, `ff05::1:3`. */
  readonly group: string;
  /** The ids of its VLAN tags from the outside in; empty for untagged frames. */
  readonly vlans: readonly number[];
  /** Empty for a group without members whose traffic still comes. */
  readonly ports: Port[];
}

const NOBODY: ReadonlySet<Port> = new Set();

/**
 * IGMP and MLD snooping (RFC 4541): decides which ports a multicast frame goes to. Learns the members of groups from
 * hosts' reports, and sends queries itself while no router does.
 *
 * Reports and leaves go to router ports only, because a host that hears another's report withholds its own (RFC 2236
 * §3). Forwards frames it cannot parse.
 */
export class MulticastSnooper {
  /** The kind of the last frame judged. A report without receivers was meant for the hub and is not lost. */
  judged: Judged = "data";
  readonly #floodUnregistered: boolean;
  readonly #room: MulticastRoom;
  readonly #domains: VlanDomains;
  readonly #greeter: Greeter;

  /**
   * @param now seconds, as in all methods. Must be the clock's reading and not the last tick's, or the second between
   *   queries after a leave becomes shorter.
   */
  constructor(options: SnooperOptions, now: number) {
    const { mac, sender, floodUnregistered, budget, full, address = 0, igmpVersion = 3 } = options;
    this.#floodUnregistered = floodUnregistered;
    this.#room = new MulticastRoom(budget, full);
    this.#domains = new VlanDomains({ mac, address, igmpVersion, sender, room: this.#room }, now);
    this.#greeter = new Greeter(this.#domains);
  }

  /** Ports with a multicast router behind them, as learnt from untagged frames. */
  get routerPorts(): ReadonlySet<Port> {
    return this.#domains.untagged.routers;
  }

  /** The queriers that replace the hub's for untagged frames; undefined while the hub queries itself. */
  get otherQueriers(): { readonly igmp: string | undefined; readonly mld: string | undefined } {
    const { igmp, mld } = this.#domains.untagged;
    return { igmp: nameOf(igmp.other), mld: nameOf(mld.other) };
  }

  /**
   * Returns where a group-addressed frame goes that came in at `from` and is no broadcast; the caller leaves `from` out.
   * Learns from the frame if it is a control message. Ignores the content of SNAP.
   */
  judge(from: Port, view: FrameView, now: number): Receivers {
    this.judged = "data";
    if (!this.#domains.isFollowed(view)) return "flood";
    if (view.type === ETHERTYPE_IPV4) return this.#judgeIpv4(from, view, now);
    if (view.type === ETHERTYPE_IPV6) return this.#judgeIpv6(from, view, now);
    return "flood";
  }

  /** Ends what has timed out and sends the queries that are due; to be called about once a second. */
  tick(now: number): void {
    this.#room.tick(now);
    this.#domains.tick(now);
    this.#greeter.tick();
  }

  /** Queries the groups of a port that has just been attached. */
  attach(port: Port): void {
    this.greet(port);
  }

  /**
   * Queries the groups of a port again, once a second at most. A machine that moved there does not notice its move, so it
   * would not report before the next general query.
   */
  greet(port: Port): void {
    this.#greeter.greet(port);
  }

  detach(port: Port): void {
    this.#room.detach(port);
    this.#greeter.detach(port);
    this.#domains.detach(port);
  }

  /** Number of known groups, for statistics. */
  get groupCount(): number {
    let count = 0;
    for (const domain of this.#domains) count += domain.table.size;
    return count;
  }

  *groups(): Generator<GroupView> {
    for (const domain of this.#domains) {
      const vlans = domain.tags.map((tag) => tag.vlan);
      for (const group of domain.table.groups()) {
        yield { group: formatAddress(group.address), vlans, ports: group.ports };
      }
    }
  }

  #judgeIpv4(from: Port, view: FrameView, now: number): Receivers {
    const domain = this.#domains.find(view);
    if (view.ip === 0) return this.#unregistered(domain, now);
    if (view.protocol === PROTOCOL_IGMP) {
      const control = this.#control(from, view, now);
      return this.#passOn(control, learnIgmp(control));
    }
    const group = readUint32(view.bytes, view.ipDestination) | 0;
    // Some clusters use a unicast address with a group's MAC.
    if (group >>> 28 !== 0xe) return "flood";
    if (view.protocol === PROTOCOL_PIM) learnPim4(this.#control(from, view, now));
    if (isFloodedIpv4(group)) return "flood";
    return this.#receivers(domain, 0, 0, 0, group, now);
  }

  #judgeIpv6(from: Port, view: FrameView, now: number): Receivers {
    const domain = this.#domains.find(view);
    if (view.ip === 0) return this.#unregistered(domain, now);
    if (isMld(view)) {
      const control = this.#control(from, view, now);
      return this.#passOn(control, learnMld(control));
    }
    const { bytes, ipDestination } = view;
    const w0 = readUint32(bytes, ipDestination) | 0;
    const w1 = readUint32(bytes, ipDestination + 4) | 0;
    const w2 = readUint32(bytes, ipDestination + 8) | 0;
    const w3 = readUint32(bytes, ipDestination + 12) | 0;
    if (w0 >>> 24 !== 0xff) return "flood";
    if (view.has(PROTOCOL_PIM, 0)) learnPim6(this.#control(from, view, now));
    if (isFloodedIpv6(w0, w1, w2, w3)) return "flood";
    return this.#receivers(domain, w0, w1, w2, w3, now);
  }

  /** Returns the receivers of traffic to a group. */
  #receivers(
    domain: MulticastDomain | undefined,
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    now: number,
  ): Receivers {
    const group = domain?.table.find(w0, w1, w2, w3);
    if (domain !== undefined && group !== undefined) {
      group.usedAt = now;
      return domain.receivers(group);
    }
    // A host that does not report its solicited-node group must still be found.
    return isLinkScope(w0) ? "flood" : this.#unregistered(domain, now);
  }

  #unregistered(domain: MulticastDomain | undefined, now: number): Receivers {
    if (this.#floodUnregistered) return "flood";
    if (domain !== undefined) return domain.everywhere;
    // Without room for the VLAN its members are unknown.
    return this.#domains.isFull(now) ? "flood" : NOBODY;
  }

  #passOn({ bringUp }: ControlFrame, judged: Judged): Receivers {
    this.judged = judged;
    return judged === "report" ? (bringUp()?.routers ?? "flood") : "flood";
  }

  /** Puts together what the parsers of control messages need. Allocates, because such messages are few. */
  #control(from: Port, view: FrameView, now: number): ControlFrame {
    return { from, view, now, bringUp: () => this.#domains.bringUp(from, view, now) };
  }
}

function nameOf(address: IpAddress | undefined): string | undefined {
  return address === undefined ? undefined : formatAddress(address);
}
