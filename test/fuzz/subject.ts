/** The subject of a fuzz campaign: a decoder with all the code behind it, as in the relay. */
export interface Target {
  readonly name: string;
  /** Good packets that reach it, at least one, from which the campaign makes hostile ones. */
  readonly corpus: readonly Uint8Array[];
  open(): Promise<Subject>;
}

/** An open target. */
export interface Subject extends AsyncDisposable {
  /**
   * Takes a packet from outside, `bytes[0, end)`, which is valid until the call returns.
   *
   * @param chance a random number of the campaign for other choices, such as the sender
   */
  receive(bytes: Uint8Array, end: number, chance: number): void;
  /** Good frames of the inside; the campaign makes hostile ones of them, which `send` takes as {@link receive} does. */
  readonly outgoing?: readonly Uint8Array[];
  send?(bytes: Uint8Array, end: number): void;
  /** The first contained error, if any: it counts as if it had been thrown. */
  failure?(): unknown;
  /** Number of received packets that were forwarded or counted as dropped; must equal all of them. */
  accounted(): number;
  /** Advances the clock by a second. */
  second(): void | Promise<void>;
  /** Returns whether good frames pass in and out once the state of hostile ones has aged. A stuck port fails. */
  isAlive(): boolean | Promise<boolean>;
}
