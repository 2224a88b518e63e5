/** Seconds of silence after which a share goes to the others. */
const IDLE_SECONDS = 1;

/** Minimum seconds between two refills: a shorter interval brings less than a frame. */
const REFILL_SECONDS = 0.000_5;

/** Additional seconds for each share, so that many shares cost a small part of one core. */
const REFILL_SECONDS_EACH = 0.000_001;

/** Number of shares up to which a new one gets its part of the others' tokens at once, not at the next refill. */
const SMALL = 64;

/** Number of times that unused tokens are offered to the other shares. The rest waits for the next refill. */
const ROUNDS = 4;

/** One device's part of a bucket's rate. */
export class Share {
  /**
   * Tokens that it may take now. A frame passes if there are any, even if it costs more, so the share may owe. Thus a
   * frame that costs more than a whole burst still passes now and then, and later frames pay for it.
   */
  tokens = 0;
  /** For the bucket only: tokens at the last refill, and the time it was last seen to have taken some since. */
  left = 0;
  usedAt = 0;
  isActive = false;
  /** Number of times that no token was left, until its owner resets it. */
  refused = 0;
  readonly bucket: FairBucket;
  /** The share's owner. */
  readonly owner: string;

  constructor(bucket: FairBucket, owner: string) {
    this.bucket = bucket;
    this.owner = owner;
  }

  /** Refills, and returns whether there is a token now. Call it when there are none. */
  ask(): boolean {
    return this.bucket.ask(this);
  }
}

/**
 * A token bucket whose rate is shared in equal parts. Unused parts go to the other shares, in equal parts again
 * (max-min fairness). So no active share gets less than the rate divided by their number, whatever the others do, and a
 * single share gets all of it.
 *
 * Taking costs the owner of a {@link Share} one comparison and one subtraction. Only without tokens does it ask the
 * bucket, which then updates all shares.
 */
export class FairBucket {
  readonly #rate: number;
  readonly #burst: number;
  readonly #clock: () => number;
  readonly #active: Share[] = [];
  /** Departed shares with debts, by owner; they pay off as if they were present. */
  readonly #owed = new Map<string, Share>();
  /** Tokens that belong to no share. */
  #spare: number;
  #at: number;

  /**
   * Creates a bucket.
   *
   * @param rate tokens per second; with 0 nothing ever passes
   * @param burst maximum tokens in all shares together, all available at the beginning
   * @param clock monotonic seconds with fractions
   */
  constructor(rate: number, burst: number, clock: () => number) {
    this.#rate = rate;
    this.#burst = rate === 0 ? 0 : burst;
    this.#clock = clock;
    this.#spare = this.#burst;
    this.#at = clock();
  }

  /**
   * Adds a share, which counts from its first use.
   *
   * @param owner its owner: a returning owner keeps its debt
   */
  join(owner: string): Share {
    const owed = this.#owed.get(owner);
    this.#owed.delete(owner);
    return owed ?? new Share(this, owner);
  }

  /** Removes a share. Its owner keeps the debt when it returns. */
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

  /** Distributes the tokens of silent shares. Call it about once a second. */
  tick(): void {
    this.#refill(this.#clock());
  }

  /** See {@link Share.ask}. */
  ask(share: Share): boolean {
    const now = this.#clock();
    const isNew = !share.isActive;
    if (isNew) this.#activate(share, now);
    share.usedAt = now;
    const count = this.#active.length;
    const due = this.#at + REFILL_SECONDS + count * REFILL_SECONDS_EACH;
    if (now >= due || (isNew && count <= SMALL)) this.#refill(now);
    // A new share gets at least one token, even if the others use up the whole rate.
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

  /**
   * Makes a share inactive.
   *
   * @param at its index among the active
   */
  #deactivate(at: number): void {
    const share = this.#active[at] as Share;
    const last = this.#active.pop() as Share;
    if (last !== share) this.#active[at] = last;
    this.#spare += Math.max(0, share.tokens);
    share.isActive = false;
    share.tokens = 0;
    if (this.#owed.get(share.owner) === share) this.#owed.delete(share.owner);
  }

  /** Adds the tokens for the elapsed time, and distributes them. */
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
    // Tokens are lost if all shares are full.
    this.#spare = open === 0 && active.length > 0 ? 0 : Math.min(Math.max(0, this.#spare), this.#burst);
  }

  /** Finds silent shares. A share that owes is not silent, so silence pays off no debt. */
  #deactivateIdle(now: number): void {
    const active = this.#active;
    for (let at = active.length - 1; at >= 0; at--) {
      const share = active[at] as Share;
      if (share.tokens < share.left) share.usedAt = now;
      else if (share.tokens >= 0 && now - share.usedAt > IDLE_SECONDS) this.#deactivate(at);
    }
  }
}
