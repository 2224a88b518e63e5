import { Work } from "../../../shared/switch/work.ts";
import { WAITING_BYTES } from "./limits.ts";

/** Units of work (shared/switch/work.ts) that a tenant may do while others wait: about 0.7 ms. */
export const QUANTUM = 2_000;

/** Units that an HTTP request takes of its turn: about a millisecond. */
export const REQUEST_WORK = 3_000;

/** Milliseconds until a retry for work that has to wait for a rate. */
const LATER_MS = 50;

/** Work that waits for its turn: the messages of one session. */
export interface Waiting {
  /** Stops or resumes its reading, because too much waits for the tenant's turn, or no longer does. */
  pause(isFull: boolean): void;

  /**
   * Works until all is done or the tenant's turn is over.
   *
   * @returns `done`; `more` if the turn ended first; `later` if it has to wait for a rate
   */
  go(): "done" | "more" | "later";
}

/**
 * Shares the event loop between tenants, by deficit round robin (Shreedhar and Varghese, IEEE/ACM Transactions on
 * Networking 4(3), 1996). Work of a tenant that has not used up its turn is done on arrival. Other work waits for
 * rounds: a quantum for each waiting tenant, then the event loop handles everything else. A turn that exceeds its
 * quantum pays with the next ones. So a tenant whose messages go to a hundred receivers gets a hundredth of the turns
 * of one whose messages go to one.
 */
export class Turns {
  readonly #turns = new Map<string, Turn>();
  /** Turns that have worked since the last round. */
  readonly #worked: Turn[] = [];
  /** Turns with waiting work, in order. */
  #waiting: Turn[] = [];
  #later: { readonly turn: Turn; readonly what: Waiting }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #immediate: ReturnType<typeof setImmediate> | undefined;

  /** Returns the turn of a tenant, or of all strangers together for an empty name. */
  of(tenant: string): Turn {
    let turn = this.#turns.get(tenant);
    if (turn === undefined) {
      turn = new Turn(this);
      this.#turns.set(tenant, turn);
    }
    return turn;
  }

  /** Forgets a tenant without waiting work. */
  forget(tenant: string): void {
    this.#turns.delete(tenant);
  }

  /** Notes that a turn has begun to work. For turns only. */
  worked(turn: Turn): void {
    this.#worked.push(turn);
    this.#schedule();
  }

  /** Notes that a turn has waiting work, and had none before. For turns only. */
  waits(turn: Turn): void {
    this.#waiting.push(turn);
    this.#schedule();
  }

  /** Notes that some work has to wait for a rate. For turns only. */
  postpone(turn: Turn, what: Waiting): void {
    this.#later.push({ turn, what });
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const { turn, what } of this.#later.splice(0)) turn.add(what);
    }, LATER_MS);
  }

  /** Ends all waiting. */
  close(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#later = [];
  }

  #schedule(): void {
    this.#immediate ??= setImmediate(() => {
      this.#immediate = undefined;
      this.#round();
    });
  }

  #round(): void {
    const worked = this.#worked.splice(0);
    const waiting = this.#waiting;
    this.#waiting = [];
    // Enough quanta that the first of them gets its turn: with one tenant, or with debts alone, the loop never idles.
    const quanta = Math.max(
      1,
      Math.min(...waiting.map(({ work }) => Math.ceil((work.done - QUANTUM + 1) / QUANTUM))),
    );
    const paid = QUANTUM * (waiting.length === 0 ? 1 : quanta);
    for (const turn of worked) if (turn.pay(paid)) this.#worked.push(turn);
    for (const turn of waiting) if (turn.work.isOver || turn.serve()) this.#waiting.push(turn);
    if (this.#waiting.length > 0 || this.#worked.length > 0) this.#schedule();
  }
}

/** A tenant's share of the event loop. */
export class Turn {
  /** Work done for the tenant. */
  readonly work = new Work();
  readonly #turns: Turns;
  readonly #members = new Set<Waiting>();
  readonly #queue: Waiting[] = [];
  #owes = false;
  #heldBytes = 0;
  /** Whether none of its sessions is read, because too much waits. */
  isFull = false;

  constructor(turns: Turns) {
    this.#turns = turns;
    this.work.limit = QUANTUM;
  }

  get hasWaiting(): boolean {
    return this.#queue.length > 0;
  }

  /** Begins work. Call it before each message. @returns whether the work may be done now */
  begin(): boolean {
    this.settle();
    return !this.work.isOver;
  }

  /** Makes the next rounds pay for the work, once it is half a turn. Called after each piece of work. */
  settle(): void {
    // Not for less, because a round after each message costs one more iteration of the event loop.
    if (this.work.done > QUANTUM / 2) this.#owe();
  }

  /** Charges its work to the next rounds. */
  #owe(): void {
    if (this.#owes) return;
    this.#owes = true;
    this.#turns.worked(this);
  }

  /** Adds a session. */
  enter(member: Waiting): void {
    this.#members.add(member);
    if (this.isFull) member.pause(true);
  }

  leave(member: Waiting): void {
    this.#members.delete(member);
  }

  /** Adds bytes that wait, or removes them if negative. */
  addWaiting(bytes: number): void {
    this.#heldBytes += bytes;
    const isFull = this.#heldBytes > (this.isFull ? WAITING_BYTES / 4 : WAITING_BYTES);
    if (isFull === this.isFull) return;
    this.isFull = isFull;
    for (const member of this.#members) member.pause(isFull);
  }

  /** Waits until it is the turn of work of about `units`, and counts them. */
  async waitFor(units: number): Promise<void> {
    if (!this.hasWaiting && this.begin()) {
      this.work.done += units;
      this.settle();
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const go = () => {
      this.work.done += units;
      resolve();
      return "done" as const;
    };
    this.add({ go, pause() {} });
    await promise;
  }

  /** Queues work behind all waiting work. */
  add(what: Waiting): void {
    this.#owe();
    this.#queue.push(what);
    if (this.#queue.length === 1) this.#turns.waits(this);
  }

  /** Pays part of the work. For {@link Turns} only. @returns whether some is still owed */
  pay(units: number): boolean {
    this.work.done = Math.max(0, this.work.done - units);
    this.#owes = this.work.done > 0;
    return this.#owes;
  }

  /** Does the waiting work in order, until the turn is over. For {@link Turns} only. @returns whether more waits */
  serve(): boolean {
    this.#owe();
    const queue = this.#queue;
    for (let left = queue.length; left > 0 && !this.work.isOver; left--) {
      const what = queue.shift() as Waiting;
      const outcome = what.go();
      // Behind the tenant's other sessions.
      if (outcome === "more") queue.push(what);
      else if (outcome === "later") this.#turns.postpone(this, what);
    }
    return queue.length > 0;
  }
}
