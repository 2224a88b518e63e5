import { Segment } from "../../shared/switch/segment.ts";
import type { Member, RelayMessage } from "../../shared/tunnel/control.ts";
import type { Network } from "../tenants/model.ts";

/** Somebody who joined a network: hears of the others, and is told to them. */
export interface NetworkMember {
  readonly member: Member;
  tell(message: RelayMessage): void;
}

/** A network that somebody has joined: its segment, and its members, who hear of each other. */
export class NetworkHub {
  readonly network: Network;
  readonly segment: Segment;
  readonly #members = new Set<NetworkMember>();

  /** @param clock seconds, never going back */
  constructor(network: Network, clock: () => number) {
    this.network = network;
    this.segment = new Segment(network.vni, clock);
  }

  get empty(): boolean {
    return this.#members.size === 0;
  }

  /** The members but for `self`. */
  others(self: NetworkMember): Member[] {
    const others: Member[] = [];
    for (const one of this.#members) if (one !== self) others.push(one.member);
    return others;
  }

  enter(newcomer: NetworkMember): void {
    this.#announce("joined", newcomer);
    this.#members.add(newcomer);
  }

  leave(leaver: NetworkMember): void {
    if (this.#members.delete(leaver)) this.#announce("left", leaver);
  }

  #announce(event: "joined" | "left", about: NetworkMember): void {
    const member = event === "left" ? { ...about.member, online: false } : about.member;
    const message: RelayMessage = { type: "member", vni: this.network.vni, event, member };
    for (const one of this.#members) if (one !== about) one.tell(message);
  }
}
