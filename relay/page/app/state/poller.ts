/** Maximum delay between attempts after failures, in milliseconds. */
const BACKOFF_MS = 30_000;

interface PollerOptions<T> {
  load(signal: AbortSignal): Promise<T>;
  /** Milliseconds from an answer to the next request; undefined to load once. */
  readonly every: number | undefined;
  got(answer: T): void;
  failed(error: unknown): void;
}

/** Loads something repeatedly while the page is visible. A hidden page sends no requests. */
export class Poller<T> {
  readonly #options: PollerOptions<T>;
  #loading: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #visibility = () => (document.hidden ? this.#pause() : this.reload());

  constructor(options: PollerOptions<T>) {
    this.#options = options;
    document.addEventListener("visibilitychange", this.#visibility);
    if (!document.hidden) this.reload();
  }

  /** Loads now, and abandons a request in progress. */
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

  #again(wait: number | undefined) {
    if (wait !== undefined) this.#timer = setTimeout(() => this.reload(), wait);
  }
}
