/** Milliseconds between attempts after failures, at most. */
const BACKOFF_MS = 30_000;

/**
 * Loads something again and again while the page is seen: what is hidden asks for nothing.
 *
 * @template T
 */
export class Poller {
  #options;
  /** @type {AbortController | undefined} */
  #loading;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #failures = 0;
  #visibility = () => (document.hidden ? this.#pause() : this.reload());

  /**
   * @param {object} options
   * @param {(signal: AbortSignal) => Promise<T>} options.load
   * @param {number | undefined} options.every milliseconds from one answer to the next question; undefined for once
   * @param {(answer: T) => void} options.got
   * @param {(error: unknown) => void} options.failed
   */
  constructor(options) {
    this.#options = options;
    document.addEventListener("visibilitychange", this.#visibility);
    if (!document.hidden) this.reload();
  }

  /** Loads now, whatever is under way. */
  reload() {
    this.#pause();
    const loading = new AbortController();
    this.#loading = loading;
    const { signal } = loading;
    this.#options.load(signal).then(
      (answer) => {
        if (signal.aborted) return;
        this.#failures = 0;
        this.#options.got(answer);
        this.#again(this.#options.every);
      },
      (error) => {
        if (signal.aborted) return;
        this.#failures++;
        this.#options.failed(error);
        const { every } = this.#options;
        this.#again(every && Math.min(BACKOFF_MS, every * 2 ** this.#failures));
      },
    );
  }

  stop() {
    document.removeEventListener("visibilitychange", this.#visibility);
    this.#pause();
  }

  #pause() {
    clearTimeout(this.#timer);
    this.#loading?.abort();
  }

  /** @param {number | undefined} wait */
  #again(wait) {
    if (wait !== undefined) this.#timer = setTimeout(() => this.reload(), wait);
  }
}
