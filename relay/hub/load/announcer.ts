import type { Member, RelayMessage } from "../../../shared/protocol/control.ts";
import type { Containment } from "../../../shared/switch/containment.ts";
import { Block } from "../../../shared/tunnel/block.ts";
import type { Turn, Waiting } from "./turns.ts";

/** Number of members up to which all are notified at once. */
const TOLD_AT_ONCE = 64;

/** Events of a member that others are notified of. */
export type MemberEvent = "joined" | "changed" | "left";

/** A member that receives the events of other members. */
export interface MemberListener {
  member: Member;
  /** Receives an event sent to all other members: a message in UTF-8, in a block that is lent. */
  announce(block: Block): void;
}

/** A message being sent to the members, the first of which have it already. */
interface Message {
  readonly about: MemberListener;
  readonly block: Block;
  readonly to: readonly MemberListener[];
  toldCount: number;
}

const UTF8 = new TextEncoder();

/**
 * Notifies the members of a network of each other, in their tenant's turn. It encodes a message once for all of them.
 * When ten thousand members join or leave at once, each event goes to all the others. So events wait, only the newest
 * of each member, and the memory stays bounded. A member that is closed because it does not read is an event in turn,
 * which waits too.
 */
export class MemberAnnouncer<Heard extends MemberListener> implements Waiting {
  readonly #vni: number;
  readonly #members: ReadonlySet<Heard>;
  readonly #turn: Turn | undefined;
  readonly #news = new Map<Heard, MemberEvent>();
  readonly #containment: Containment | undefined;
  #current: Message | undefined;
  #isTelling = false;
  #waits = false;

  /**
   * Creates an announcer.
   *
   * @param turn of the members' tenant; without one all events go out at once
   * @param containment receives errors of a member; the others are notified all the same
   */
  constructor(
    vni: number,
    members: ReadonlySet<Heard>,
    turn: Turn | undefined,
    containment: Containment | undefined,
  ) {
    this.#containment = containment;
    this.#vni = vni;
    this.#members = members;
    this.#turn = turn;
  }

  /** Notifies the others of a member's event: at once if they are few, otherwise in the tenant's turn. */
  tell(event: MemberEvent, about: Heard): void {
    const before = this.#news.get(about);
    this.#news.delete(about);
    // Members that have not heard of it yet get `joined`.
    this.#news.set(about, event === "changed" && before === "joined" ? before : event);
    if (this.#isTelling || this.#waits) return;
    const turn = this.#turn;
    if (turn === undefined || (this.#members.size <= TOLD_AT_ONCE && turn.begin())) return void this.go();
    this.#waits = true;
    turn.add(this);
  }

  go(): "done" | "more" {
    this.#isTelling = true;
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        while (next.toldCount < next.to.length) {
          const one = next.to[next.toldCount++] as MemberListener;
          if (one !== next.about) this.#announce(one, next.block);
          if (this.#waits && this.#turn?.work.isOver) return "more";
        }
        next.block.release();
        this.#current = undefined;
      }
      this.#waits = false;
      return "done";
    } finally {
      this.#isTelling = false;
    }
  }

  pause(): void {
    // It has no socket to pause.
  }

  #announce(listener: MemberListener, block: Block): void {
    try {
      listener.announce(block);
    } catch (error) {
      if (this.#containment === undefined) throw error;
      this.#containment.caught(error);
    }
  }

  #next(): Message | undefined {
    if (this.#current !== undefined) return this.#current;
    for (const [about, event] of this.#news) {
      this.#news.delete(about);
      if (this.#members.size === (this.#members.has(about) ? 1 : 0)) continue;
      const member = event === "left" ? { ...about.member, online: false } : about.member;
      const message: RelayMessage = { type: "member", vni: this.#vni, event, member };
      const block = new Block(UTF8.encode(JSON.stringify(message)));
      this.#current = { about, block, to: [...this.#members], toldCount: 0 };
      return this.#current;
    }
    return undefined;
  }
}
