import { type ReadonlySignal, signal } from "@preact/signals";

/** A message for screen readers, also shown for a moment. */
export interface Announcement {
  readonly text: string;
  /** Distinguishes a repeated message from an earlier one with the same words. */
  readonly id: number;
}

/** Announces events that happen outside the user's focus. */
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

  /** Removes a message, unless another has replaced it. */
  clear(id: number): void {
    if (this.#current.peek()?.id === id) this.#current.value = undefined;
  }
}
