/** How long an attempt to connect may take that began before the machine's network changed, in milliseconds. */
const OUTDATED_MS = 1_500;

/** Why an attempt was given up: another one, over the network as it is now, may be quicker. */
export class PathChanged extends Error {}

/**
 * An attempt to connect, which is given up where it goes over a network that is no more: its packets are sent again for
 * longer and longer to where there is nothing. After one that was given up the next may take its time, so that a network
 * that changes all the time does not prevent every one.
 */
export class Attempt {
  readonly #over: AbortController;
  readonly #begun = performance.now();
  readonly #isPatient: boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;
  #wasGivenUp = false;

  /** @param before the attempt before this one */
  constructor(over: AbortController, before: Attempt | undefined) {
    this.#over = over;
    this.#isPatient = before === undefined ? false : before.#wasGivenUp;
  }

  /** The network is another than when it began. */
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

  /** It has come to something, or failed. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }
}
