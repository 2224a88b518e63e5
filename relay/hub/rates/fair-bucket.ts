/** Seconds of silence after which a share goes to the others. */
const IDLE_SECONDS = 1;

/** Seconds between two refills: what a frame less than that brings is not worth the look. */
const REFILL_SECONDS = 0.000_5;

/** And so many more for each share, so that a crowd costs a small part of one core. */
const REFILL_SECONDS_EACH = 0.000_001;

/** Up to so many shares a newcomer is given its part of what the others have at once, and not at the next refill. */
const SMALL = 64;

/** How often what some have no room for is offered to the others. What is left then is kept for the next refill. */
const ROUNDS = 4;

/** What a bucket shares its rate between: one device's part of it. */
export class Share {
  /**
   * What it may take now. What goes on takes what it costs where there is anything at all, and may owe: so that
   * what costs more than a whole burst still goes on now and then, and is paid for by what comes after.
   */
  tokens = 0;
  /** The bucket's own: tokens at the last refill, and when it was last seen to have taken some since. */
  left = 0;
  usedAt = 0;
  isActive = false;
  /** How often there was nothing to take, until its owner sets that back. */
  refused = 0;
  readonly bucket: FairBucket;
  /** Whose it is. */
  readonly owner: string;

  constructor(bucket: FairBucket, owner: string) {
    this.bucket = bucket;
    this.owner = owner;
  }

  /** Whether there is something to take, asked where there are no tokens. */
  ask(): boolean {
    return this.bucket.ask(this);
  }
}

/**
 * A token bucket whose rate is shared: those who take from it have equal parts, and what one has no use for goes to the
 * others, in equal parts again (max-min fairness). So nobody has less than the rate divided by the number of those
 * who are active, whatever the others do; and one who is alone has all of it.
 *
 * Taking is a comparison and a subtraction, by the owner of a {@link Share}. Only where that has no tokens left is the
 * bucket asked, which then brings all shares up to date.
 */
export class FairBucket {
  readonly #rate: number;
  readonly #burst: number;
  readonly #clock: () => number;
  readonly #active: Share[] = [];
  /** Of those who have gone and owe, by their owner: paid off as if they were there. */
  readonly #owed = new Map<string, Share>();
  /** Tokens that are nobody's. */
  #spare: number;
  #at: number;

  /**
   * @param rate tokens per second; with 0 nothing ever goes on
   * @param burst how many tokens are kept, in all shares together, and there at the beginning
   * @param clock seconds with fractions, never going back
   */
  constructor(rate: number, burst: number, clock: () => number) {
    this.#rate = rate;
    this.#burst = rate === 0 ? 0 : burst;
    this.#clock = clock;
    this.#spare = this.#burst;
    this.#at = clock();
  }

  /**
   * A part for one more; it counts from when it is first used.
   *
   * @param owner who has it: whoever owes and comes again, owes still
   */
  join(owner: string): Share {
    const owed = this.#owed.get(owner);
    this.#owed.delete(owner);
    return owed ?? new Share(this, owner);
  }

  /** Its owner has gone, and does not get around what is owed by coming again. */
  leave(share: Share): void {
    if (share.tokens < 0) {
      const owed = this.#owed.get(share.owner);
      if (owed === undefined) {
        if (!share.isActive) this.#activate(share, this.#at);
        this.#owed.set(share.owner, share);
        return;
      }
      owed.tokens += share.tokens;
    }
    const at = this.#active.indexOf(share);
    if (at >= 0) this.#deactivate(at);
  }

  /** Gives what the silent had to the others; to be called about once a second. */
  tick(): void {
    this.#refill(this.#clock());
  }

  /** {@link Share.ask} */
  ask(share: Share): boolean {
    const now = this.#clock();
    const isNew = !share.isActive;
    if (isNew) this.#activate(share, now);
    share.usedAt = now;
    const count = this.#active.length;
    const due = this.#at + REFILL_SECONDS + count * REFILL_SECONDS_EACH;
    if (now >= due || (isNew && count <= SMALL)) this.#refill(now);
    // Whoever comes in among others that take all there is, is heard all the same.
    if (isNew && this.#rate > 0) share.tokens = Math.max(share.tokens, 1);
    if (share.tokens > 0) return true;
    share.refused++;
    return false;
  }

  #activate(share: Share, now: number): void {
    share.isActive = true;
    share.left = share.tokens;
    share.usedAt = now;
    this.#active.push(share);
  }

  /** @param at where it is among the active */
  #deactivate(at: number): void {
    const share = this.#active[at] as Share;
    const last = this.#active.pop() as Share;
    if (last !== share) this.#active[at] = last;
    this.#spare += Math.max(0, share.tokens);
    share.isActive = false;
    share.tokens = 0;
    if (this.#owed.get(share.owner) === share) this.#owed.delete(share.owner);
  }

  /** Takes in what the time has brought, and shares it out. */
  #refill(now: number): void {
    this.#spare += Math.max(0, now - this.#at) * this.#rate;
    this.#at = Math.max(now, this.#at);
    this.#deactivateIdle(now);
    const active = this.#active;
    const cap = this.#burst / active.length;
    for (const share of active) {
      if (share.tokens <= cap) continue;
      this.#spare += share.tokens - cap;
      share.tokens = cap;
    }
    let open = active.length;
    for (let round = 0; round < ROUNDS && open > 0 && this.#spare > 0; round++) {
      const each = this.#spare / open;
      open = 0;
      for (const share of active) {
        const room = cap - share.tokens;
        if (room <= 0) continue;
        const given = Math.min(each, room);
        share.tokens += given;
        this.#spare -= given;
        if (given < room) open++;
      }
    }
    for (const share of active) share.left = share.tokens;
    // What all are too full for is lost.
    this.#spare = open === 0 && active.length > 0 ? 0 : Math.min(Math.max(0, this.#spare), this.#burst);
  }

  /** Deactivates shares that took nothing for a while. A share that owes stays, so that silence does not let it off. */
  #deactivateIdle(now: number): void {
    const active = this.#active;
    for (let at = active.length - 1; at >= 0; at--) {
      const share = active[at] as Share;
      if (share.tokens < share.left) share.usedAt = now;
      else if (share.tokens >= 0 && now - share.usedAt > IDLE_SECONDS) this.#deactivate(at);
    }
  }
}
