import type { Member, RelayMessage } from "../../../shared/protocol/control.ts";
import type { Containment } from "../../../shared/switch/containment.ts";
import { Block } from "../../../shared/tunnel/block.ts";
import type { Turn, Waiting } from "./turns.ts";

/** Members up to whose number all are told at once. */
const TOLD_AT_ONCE = 64;

/** What may be told of a member. */
export type MemberEvent = "joined" | "changed" | "left";

/** Hears what is told of other members. */
export interface Listener {
  member: Member;
  /** Tells what all others are told too: a message in UTF-8, in a block that is lent. */
  announce(block: Block): void;
}

/** A message on its way to the members, of whom the first `toldCount` have it. */
interface Message {
  readonly about: Listener;
  readonly block: Block;
  readonly to: readonly Listener[];
  toldCount: number;
}

const UTF8 = new TextEncoder();

/**
 * Tells the members of a network of each other, in their tenant's turn. A message is made once, however many hear it. When ten
 * thousand come or go at once, each of them is news for all the others: what was not told yet waits, of each member only
 * the newest, and nothing grows. A member that is closed because it does not read is news in turn, which waits too.
 */
export class Announcer<Heard extends Listener> implements Waiting {
  readonly #vni: number;
  readonly #members: ReadonlySet<Heard>;
  readonly #turn: Turn | undefined;
  readonly #news = new Map<Heard, MemberEvent>();
  readonly #containment: Containment | undefined;
  #current: Message | undefined;
  #isTelling = false;
  #waits = false;

  /**
   * @param turn of the members' tenant; without one all are told at once
   * @param containment told of what a member throws: the others are told all the same
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

  /** Has the others told of a member: at once where they are few, or as soon as it is the tenant's turn. */
  tell(event: MemberEvent, about: Heard): void {
    const before = this.#news.get(about);
    this.#news.delete(about);
    // Members that have not heard of it yet are told that it joined.
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
          const one = next.to[next.toldCount++] as Listener;
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
    // No socket is read for it.
  }

  #announce(listener: Listener, block: Block): void {
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
