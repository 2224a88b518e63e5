/** What a fuzz campaign is run against: a decoder with everything that is behind it, as the relay has it. */
export interface Target {
  readonly name: string;
  /** Good packets that reach it, one at least: hostile ones are made of them. */
  readonly corpus: readonly Uint8Array[];
  open(): Promise<Subject>;
}

/** An open target. */
export interface Subject extends AsyncDisposable {
  /**
   * Takes a packet from outside, `bytes[0, end)`, right until the call returns.
   *
   * @param chance a number of the campaign's, for what else there is to choose, as who sends it
   */
  receive(bytes: Uint8Array, end: number, chance: number): void;
  /** Frames that those on this side send, where hostile ones are to be made of some; the same way as {@link receive}. */
  readonly outgoing?: readonly Uint8Array[];
  send?(bytes: Uint8Array, end: number): void;
  /** The first error that was contained, if there was one: it counts as if it had been thrown. */
  failure?(): unknown;
  /** How many of the packets received are forwarded or counted as dropped: has to be all of them. */
  accounted(): number;
  /** Lets a second pass. */
  second(): void | Promise<void>;
  /** Whether good frames pass, in and out, once what was noted of hostile ones is too old: a port that is stuck fails. */
  isAlive(): boolean | Promise<boolean>;
}
