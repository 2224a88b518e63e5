import { Work } from "../../../shared/switch/work.ts";
import { WAITING_BYTES } from "./limits.ts";

/** Units of work (shared/switch/work.ts) that a tenant may do while others wait: about 0.7 ms. */
export const QUANTUM = 2_000;

/** Units that an HTTP request takes of its turn: about a millisecond. */
export const REQUEST_WORK = 3_000;

/** Milliseconds until those are asked again that may not go on yet, because of a rate. */
const LATER_MS = 50;

/** What waits for its turn: the messages of one session. */
export interface Waiting {
  /** Has it read nothing more, or read again: too much waits for the tenant's turn, or no longer does. */
  pause(isFull: boolean): void;

  /**
   * Works until all is done, or the tenant's work is over.
   *
   * @returns `done`, `more` where the work was over first, `later` where a rate has to be waited for
   */
  go(): "done" | "more" | "later";
}

/**
 * Shares the event loop between tenants, by deficit round robin (Shreedhar and Varghese, IEEE/ACM Transactions on
 * Networking 4(3), 1996) over what waits. What comes in is worked off at once as long as its tenant has not used up its
 * turn. The rest waits, and is worked off in rounds: a quantum for each tenant that waits, and then the event loop has a
 * look at everything else. What a turn took too much is paid for by the next ones, so a tenant whose messages go to a
 * hundred receivers has its turn a hundred times less often than one whose messages go to one.
 */
export class Turns {
  readonly #turns = new Map<string, Turn>();
  /** Those that have worked since the last round. */
  readonly #worked: Turn[] = [];
  /** Those with something waiting, in the order of their turns. */
  #waiting: Turn[] = [];
  #later: { readonly turn: Turn; readonly what: Waiting }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #immediate: ReturnType<typeof setImmediate> | undefined;

  /** The turn of a tenant, or of all strangers together where its name is empty. */
  of(tenant: string): Turn {
    let turn = this.#turns.get(tenant);
    if (turn === undefined) {
      turn = new Turn(this);
      this.#turns.set(tenant, turn);
    }
    return turn;
  }

  /** Forgets a tenant of which nothing waits. */
  forget(tenant: string): void {
    this.#turns.delete(tenant);
  }

  /** For turns: one has begun to work. */
  worked(turn: Turn): void {
    this.#worked.push(turn);
    this.#schedule();
  }

  /** For turns: one has something waiting, and had nothing before. */
  waits(turn: Turn): void {
    this.#waiting.push(turn);
    this.#schedule();
  }

  /** For turns: something has to wait for a rate. */
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
    // As many quanta as bring the first of them its turn: with one tenant, or with debts alone, the loop never idles.
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

/** A tenant's part of the event loop. */
export class Turn {
  /** What is done for the tenant. */
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

  /** Says that work begins; to be asked before each message. @returns whether it may be done now */
  begin(): boolean {
    // Not for a little work: a round each time would be one more look at the event loop for each message.
    if (this.work.done > QUANTUM / 2) this.#owe();
    return !this.work.isOver;
  }

  /** Has its work be paid for by the next rounds. */
  #owe(): void {
    if (this.#owes) return;
    this.#owes = true;
    this.#turns.worked(this);
  }

  /** One more session belongs to it. */
  enter(member: Waiting): void {
    this.#members.add(member);
    if (this.isFull) member.pause(true);
  }

  leave(member: Waiting): void {
    this.#members.delete(member);
  }

  /** Counts bytes that wait, or, where negative, no longer do. */
  hold(bytes: number): void {
    this.#heldBytes += bytes;
    const isFull = this.#heldBytes > (this.isFull ? WAITING_BYTES / 4 : WAITING_BYTES);
    if (isFull === this.isFull) return;
    this.isFull = isFull;
    for (const member of this.#members) member.pause(isFull);
  }

  /** Waits until it is the turn of work that takes about so many units, and counts them. */
  async admit(units: number): Promise<void> {
    if (!this.hasWaiting && this.begin()) {
      this.work.done += units;
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

  /** Has something wait, behind all that waits already. */
  add(what: Waiting): void {
    this.#owe();
    this.#queue.push(what);
    if (this.#queue.length === 1) this.#turns.waits(this);
  }

  /** For {@link Turns}: pays so much of the work. @returns whether some is still owed */
  pay(units: number): boolean {
    this.work.done = Math.max(0, this.work.done - units);
    this.#owes = this.work.done > 0;
    return this.#owes;
  }

  /** For {@link Turns}: works off what waits, one after another, until the turn is over. @returns whether more waits */
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
