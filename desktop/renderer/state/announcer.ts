import { type ReadonlySignal, signal } from "@preact/signals";

/** What is said to those who listen rather than look; shown for a moment too. */
export interface Announcement {
  readonly text: string;
  /** Tells the same words said again from those said once. */
  readonly id: number;
}

/** Says things that happen beside what the user looks at. */
export class Announcer {
  readonly #current = signal<Announcement | undefined>(undefined);
  #id = 0;

  get current(): ReadonlySignal<Announcement | undefined> {
    return this.#current;
  }

  say(text: string): void {
    this.#id += 1;
    this.#current.value = { text, id: this.#id };
  }

  /** Takes it away again, unless something else was said since. */
  clear(id: number): void {
    if (this.#current.peek()?.id === id) this.#current.value = undefined;
  }
}
