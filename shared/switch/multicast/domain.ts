import { type IpAddress, type Ipv4Address, type Ipv6Address, linkLocalOf } from "../../frame/address.ts";
import type { VlanTag } from "../../frame/ethernet.ts";
import {
  ALLOW_NEW_SOURCES,
  BLOCK_OLD_SOURCES,
  CHANGE_TO_EXCLUDE,
  CHANGE_TO_INCLUDE,
  MODE_IS_EXCLUDE,
  MODE_IS_INCLUDE,
} from "../../frame/groups/group-record.ts";
import type { Igmp } from "../../frame/groups/igmp.ts";
import type { Mld } from "../../frame/groups/mld.ts";
import type { HubSender } from "../hub-sender.ts";
import type { Port } from "../port.ts";
import { AgedPorts } from "./aged-ports.ts";
import { GroupTable, type MulticastGroup } from "./group-table.ts";
import { Querier } from "./querier.ts";
import { igmpQueryFrame, mldQueryFrame } from "./query-frame.ts";
import type { MulticastRoom } from "./room.ts";
import { RouterPorts } from "./router-ports.ts";
import { isFollowed } from "./scope.ts";
import { MEMBERSHIP_INTERVAL, OTHER_QUERIER_INTERVAL } from "./timers.ts";

export interface DomainOptions {
  /** The hub's MAC address in the segment. */
  readonly mac: number;
  /** The hub's IPv4 address there, 0 for none. */
  readonly address: Ipv4Address;
  /** The version of the hub's IGMP queries. */
  readonly igmpVersion: 2 | 3;
  readonly sender: HubSender;
  readonly room: MulticastRoom;
}

/**
 * The multicast state of one VLAN of a segment: untagged frames, or those with the same tags. Every VLAN has its own
 * members, routers and queriers.
 */
export class MulticastDomain {
  readonly tags: readonly VlanTag[];
  /** The port that created it, and that gives a unit of its share for it; undefined once the port has left. */
  creator: Port | undefined;
  readonly table: GroupTable;
  readonly igmp: Querier<Ipv4Address>;
  readonly mld: Querier<Ipv6Address>;
  readonly #room: MulticastRoom;
  readonly #routers: RouterPorts;
  /** Ports in more groups than the table takes: they get all traffic, so that they miss nothing they joined. */
  readonly #overflowing: AgedPorts;
  /** The sets that {@link everywhere} was made of. */
  #seen: readonly ReadonlySet<Port>[] = [];
  #everywhere: ReadonlySet<Port> = new Set();
  /** Increases with every change of {@link everywhere}, which changes the receivers of every group. */
  #revision = 0;
  #heardAt: number;

  constructor(options: DomainOptions, tags: readonly VlanTag[], creator: Port | undefined, now: number) {
    const { mac, address, igmpVersion, sender, room } = options;
    this.#room = room;
    this.table = new GroupTable(room.shares, (group) => room.drop(group));
    this.#routers = new RouterPorts(room.shares);
    this.#overflowing = new AgedPorts(room.shares);
    this.tags = tags;
    this.creator = creator;
    this.#heardAt = now;
    const writeIgmp = (source: Ipv4Address, group: Ipv4Address | undefined, maxResponseMs: number) =>
      igmpQueryFrame({ mac, source, tags, group, maxResponseMs }, igmpVersion);
    const writeMld = (source: Ipv6Address, group: Ipv6Address | undefined, maxResponseMs: number) =>
      mldQueryFrame({ mac, source, tags, group, maxResponseMs });
    this.igmp = new Querier({ source: address, humbleSource: 0, write: writeIgmp, sender }, now);
    // Hosts take queries from link-local addresses only. If this is not the lowest, its queries elect no one.
    const linkLocal = linkLocalOf(mac);
    this.mld = new Querier({ source: linkLocal, humbleSource: linkLocal, write: writeMld, sender }, now);
  }

  /** Ports with routers behind them, which get the reports. */
  get routers(): ReadonlySet<Port> {
    return this.#routers.ports;
  }

  /** Ports that get the traffic of every group. */
  get everywhere(): ReadonlySet<Port> {
    this.#refresh();
    return this.#everywhere;
  }

  /** Returns the receivers of a group's traffic: its members, and the ports that get all traffic. */
  receivers(group: MulticastGroup): ReadonlySet<Port> {
    this.#refresh();
    if (group.revision === this.#revision) return group.receivers;
    return this.#room.receivers(group, this.#everywhere, this.#revision);
  }

  /** Notes a report or a leave. The caller handles queries. */
  heardReport(message: Igmp | Mld, from: Port, now: number): void {
    this.#heardAt = now;
    if (message.kind === "report") this.#join(message.group, from, now, isIgmpV1(message));
    if (message.kind === "leave") this.#leave(message.group, from, now);
    if (message.kind !== "records") return;
    for (const { type, group, sources } of message.records) {
      if (isJoin(type, sources)) this.#join(group, from, now, false);
      if (isLeave(type, sources)) this.#leave(group, from, now);
    }
  }

  /** Notes a query of a router, which has an address. */
  heardQuery(source: IpAddress, from: Port, now: number): void {
    this.#heardAt = now;
    if (typeof source === "number") this.igmp.heard(source, now);
    else this.mld.heard(source, now);
    if (!this.#routers.heardQuery(from, now)) this.#room.crowd(from, now + OTHER_QUERIER_INTERVAL);
  }

  heardHello(holdSeconds: number, from: Port, now: number): void {
    this.#heardAt = now;
    if (!this.#routers.heardHello(from, holdSeconds, now)) this.#room.crowd(from, now + holdSeconds);
  }

  /** Queries the groups of the hosts behind a port. */
  greet(port: Port): void {
    this.igmp.greet(port);
    this.mld.greet(port);
  }

  /**
   * Ends what has timed out and sends the queries that are due.
   *
   * @param mayAsk returns whether one more general query may go now; otherwise it goes with a later tick
   */
  tick(now: number, mayAsk: () => boolean = () => true): void {
    this.#routers.tick(now);
    this.#overflowing.tick(now);
    this.table.tick(now, this.#ask);
    this.igmp.tick(now, mayAsk);
    this.mld.tick(now, mayAsk);
  }

  detach(port: Port): void {
    if (this.creator === port) this.creator = undefined;
    this.#routers.detach(port);
    this.#overflowing.detach(port);
    this.table.detach(port);
  }

  /** Returns whether the domain may be removed, because it has no state and was silent for long. */
  isIdle(now: number): boolean {
    const isEmpty = this.table.size === 0 && this.#routers.ports.size + this.#overflowing.ports.size === 0;
    return isEmpty && now - this.#heardAt >= Math.max(MEMBERSHIP_INTERVAL, OTHER_QUERIER_INTERVAL);
  }

  #join(group: IpAddress, port: Port, now: number, v1: boolean): void {
    if (!isFollowed(group) || this.table.join(group, port, now, v1)) return;
    this.#room.full(port, now);
    const until = now + MEMBERSHIP_INTERVAL;
    if (!this.#overflowing.keep(port, until)) this.#room.crowd(port, until);
  }

  #leave(group: IpAddress, port: Port, now: number): void {
    if (this.table.leave(group, port, now)) this.#ask(group, port);
  }

  readonly #ask = (group: IpAddress, port: Port): void => {
    if (typeof group === "number") this.igmp.askLastMember(group, port);
    else this.mld.askLastMember(group, port);
  };

  /** Updates {@link everywhere} if one of its sets has changed. */
  #refresh(): void {
    const [routers, overflowing, crowd] = this.#seen;
    const { ports: crowded } = this.#room.crowded;
    if (routers === this.#routers.ports && overflowing === this.#overflowing.ports && crowd === crowded)
      return;
    this.#seen = [this.#routers.ports, this.#overflowing.ports, crowded];
    this.#everywhere = new Set(this.#seen.flatMap((ports) => [...ports]));
    this.#revision++;
  }
}

/** Reports of MLDv1 are like IGMPv2's: a leave follows them. */
function isIgmpV1(report: { readonly group: IpAddress; readonly version: 1 | 2 }): boolean {
  return report.version === 1 && typeof report.group === "number";
}

function isJoin(type: number, sources: number): boolean {
  if (type === MODE_IS_EXCLUDE || type === CHANGE_TO_EXCLUDE) return true;
  return (
    sources > 0 && (type === MODE_IS_INCLUDE || type === CHANGE_TO_INCLUDE || type === ALLOW_NEW_SOURCES)
  );
}

/**
 * Returns whether a host may have left a group: certainly with an empty list of sources to include, perhaps with sources
 * to block. The last-member queries find out, so a wrong guess does no harm.
 */
function isLeave(type: number, sources: number): boolean {
  if (type === BLOCK_OLD_SOURCES) return true;
  return sources === 0 && (type === MODE_IS_INCLUDE || type === CHANGE_TO_INCLUDE);
}
