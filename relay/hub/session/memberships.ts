import { type IpAddress, parseAddress } from "../../../shared/frame/address.ts";
import { MESSAGE_BYTES } from "../../../shared/protocol/constants.ts";
import type { Member, RegisteredEndpoint, RelayMessage } from "../../../shared/protocol/control.ts";
import type { Budget } from "../../../shared/switch/budget.ts";
import type { Block } from "../../../shared/tunnel/block.ts";
import type { Tunnel } from "../../../shared/tunnel/tunnel.ts";
import type { Grant } from "../../model/grants.ts";
import type { Network } from "../../model/model.ts";
import type { NetworkHub, NetworkMember } from "../network-hub.ts";
import type { MacBudgets } from "../rates/mac-budgets.ts";
import type { Sender } from "../rates/rates.ts";
import type { SessionMacs } from "./session-macs.ts";

/** The session as its memberships use it. */
export interface MembershipSession {
  readonly id: string;
  /** The client's name for itself, or its device's name. */
  readonly name: string;
  /** The networks that it may join. */
  readonly grant: Grant | undefined;
  tell(message: RelayMessage): void;
  /** Sends a message that several sessions receive, encoded once as UTF-8 in `block`, which is lent. */
  announce(block: Block): void;
  /** Answers a request with an error. */
  fail(request: string, code: string, message: string, vni: number | undefined): void;
  /** Handles an internal error. */
  failed(error: unknown): void;
}

/** The hub as memberships use it. */
export interface MembershipHost {
  /** Returns the budget of what a session may learn in one network. */
  readonly macs: MacBudgets;
  /** Why a machine should not use an address that its owner chose, as a clause; undefined where nothing speaks against it. */
  objection(network: Network, address: IpAddress, grant: Grant): string | undefined;
  /** Returns why a network can't have one more member, or undefined if it can. */
  shortageIn(network: Network): { readonly code: string; readonly message: string } | undefined;
  /** The network's hub, brought to life by its first member. */
  openNetwork(network: Network): NetworkHub;
  /** Releases the hub of a network after its last member has left. */
  release(hub: NetworkHub): void;
}

export interface MembershipOptions {
  readonly host: MembershipHost;
  readonly tunnel: Tunnel;
  readonly sender: Sender;
  readonly macs: SessionMacs;
  /** The tenant's budget of memberships; each takes one. */
  readonly budget: Budget;
}

interface Membership extends NetworkMember {
  readonly hub: NetworkHub;
}

/** The networks that a session has joined, and the answers to its messages about them. */
export class Memberships {
  readonly #session: MembershipSession;
  readonly #options: MembershipOptions;
  /** Memberships by VNI. */
  readonly #joined = new Map<number, Membership>();

  constructor(session: MembershipSession, options: MembershipOptions) {
    this.#session = session;
    this.#options = options;
  }

  has(vni: number): boolean {
    return this.#joined.has(vni);
  }

  /** Answers `join`. */
  join(vni: number): void {
    const { grant } = this.#session;
    const network = grant?.networks.find((candidate) => candidate.vni === vni);
    if (grant === undefined || network === undefined) {
      // The answer is the same whether the VNI exists or not, so that tenants learn nothing about each other.
      return this.#session.fail("join", "not-allowed", `VNI ${vni} is not open to these credentials`, vni);
    }
    const joined = this.#joined.get(vni);
    if (joined !== undefined) return this.#tellJoined(vni, joined.hub.others(joined));
    const { host, tunnel, sender, macs, budget } = this.#options;
    const shortage = host.shortageIn(network);
    if (shortage !== undefined) return this.#session.fail("join", shortage.code, shortage.message, vni);
    const hub = host.openNetwork(network);
    const member: Member = { vtep: this.#session.id, name: this.#session.name, online: true, endpoints: [] };
    const membership = {
      hub,
      member,
      tell: (message: RelayMessage) => this.#session.tell(message),
      announce: (block: Block) => this.#session.announce(block),
    };
    this.#joined.set(vni, membership);
    budget.take();
    hub.enter(membership);
    this.#tellJoined(vni, hub.others(membership));
    // Opens the port only now, because its first frame is the hub's own query, which is lost on a client that has not
    // joined.
    if (this.#joined.has(vni)) {
      const port = tunnel.join(hub.segment, host.macs.ofPort(macs, grant, network));
      sender.join(port, network);
    }
    hub.instruct(membership);
  }

  /** Answers a join with the other members. Those that do not fit into one message follow as separate joins. */
  #tellJoined(vni: number, members: readonly Member[]): void {
    let room = MEMBER_MESSAGE_BYTES;
    const first: Member[] = [];
    for (const member of members) {
      room -= bytesOf(member);
      if (room < 0) break;
      first.push(member);
    }
    this.#session.tell({ type: "joined", vni, members: first });
    for (const member of members.slice(first.length))
      this.#session.tell({ type: "member", vni, event: "joined", member });
  }

  /** Answers `check` with objections to an address that the client's owner chose, before its interface gets it. */
  check(vni: number, text: string): void {
    const { grant } = this.#session;
    const network = grant?.networks.find((candidate) => candidate.vni === vni);
    if (grant === undefined || network === undefined) {
      return this.#session.fail("check", "not-allowed", `VNI ${vni} is not open to these credentials`, vni);
    }
    const address = parseAddress(text);
    if (address === undefined)
      return this.#session.fail("check", "invalid", "address: not an IP address", vni);
    const given = grant.addresses.get(network.id);
    const objection = this.#options.host.objection(network, address, grant);
    this.#session.tell({
      type: "checked",
      vni,
      address: text,
      objection,
      given: objection && (typeof address === "bigint" ? given?.address6 : given?.address),
    });
  }

  /** Answers `register` if there is an objection. */
  register(vni: number, endpoints: readonly RegisteredEndpoint[]): void {
    const membership = this.#joined.get(vni);
    if (membership === undefined)
      return this.#session.fail("register", "not-joined", `VNI ${vni} is not joined`, vni);
    // The others are told in one message, which must not exceed their limit.
    if (bytesOf(endpoints) > MEMBER_MESSAGE_BYTES) {
      const problem = `the machines take more than ${MEMBER_MESSAGE_BYTES} bytes to tell`;
      return this.#session.fail("register", "invalid", problem, vni);
    }
    const problem = membership.hub.register(membership, endpoints);
    if (problem !== undefined) this.#session.fail("register", "not-registered", problem, vni);
  }

  /** Answers `leave`. */
  leave(vni: number): void {
    if (this.#leave(vni)) this.#session.tell({ type: "left", vni });
    else this.#session.fail("leave", "not-joined", `VNI ${vni} is not joined`, vni);
  }

  /** Leaves all networks. An error in one network does not keep the session in the others. */
  close(): void {
    for (const vni of [...this.#joined.keys()]) {
      try {
        this.#leave(vni);
      } catch (error) {
        this.#session.failed(error);
      }
    }
  }

  #leave(vni: number): boolean {
    const membership = this.#joined.get(vni);
    if (membership === undefined) return false;
    this.#joined.delete(vni);
    this.#options.budget.give();
    this.#options.tunnel.leave(vni);
    this.#options.sender.leave(vni);
    membership.hub.leave(membership);
    if (membership.hub.isEmpty) this.#options.host.release(membership.hub);
    return true;
  }
}

/** Bytes of members, or of one member's machines, in a message; the whole message may have {@link MESSAGE_BYTES}. */
const MEMBER_MESSAGE_BYTES = MESSAGE_BYTES - 4_096;

/** Returns the size of a value as JSON in UTF-8 with a comma, in bytes. */
function bytesOf(value: Member | readonly RegisteredEndpoint[]): number {
  return UTF8.encode(JSON.stringify(value)).length + 1;
}

const UTF8 = new TextEncoder();
