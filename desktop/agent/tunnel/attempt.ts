/** Maximum time for an attempt to connect that began before the machine's network changed, in milliseconds. */
const OUTDATED_MS = 1_500;

/** Reason for giving up an attempt: a new one, over the current network, may be faster. */
export class PathChanged extends Error {}

/**
 * An attempt to connect. It is given up if its network is gone, because its packets would be retransmitted ever more
 * slowly to nowhere. The attempt after one that was given up is not, so that constant changes do not prevent every
 * connection.
 */
export class Attempt {
  readonly #over: AbortController;
  readonly #begun = performance.now();
  readonly #isPatient: boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;
  #wasGivenUp = false;

  /** @param before the previous attempt */
  constructor(over: AbortController, before: Attempt | undefined) {
    this.#over = over;
    this.#isPatient = before === undefined ? false : before.#wasGivenUp;
  }

  /** Shortens the attempt: the network has changed since it began. */
  outdate(): void {
    if (this.#isOver || this.#isPatient) return;
    this.#timer ??= setTimeout(
      () => {
        this.#wasGivenUp = true;
        this.#over.abort(new PathChanged("the network changed"));
      },
      Math.max(0, this.#begun + OUTDATED_MS - performance.now()),
    );
  }

  /** Ends the attempt, after success or failure. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }
}
