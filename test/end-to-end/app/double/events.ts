/** Electron's events: known ones, and no others. */

export interface DoubleEvent {
  readonly defaultPrevented: boolean;
  preventDefault(): void;
}

type Listener = (...args: never[]) => void;

/** Returns an event whose default can be prevented, with its details. */
export function makeEvent<T extends object>(details: T): T & DoubleEvent {
  let prevented = false;
  return Object.defineProperties({ ...details } as T & DoubleEvent, {
    defaultPrevented: { get: () => prevented },
    preventDefault: {
      value: () => {
        prevented = true;
      },
    },
  });
}

export class Events {
  readonly #name: string;
  readonly #known: readonly string[];
  readonly #listeners = new Map<string, Listener[]>();

  constructor(name: string, known: readonly string[]) {
    this.#name = name;
    this.#known = known;
  }

  on(event: string, listener: Listener): this {
    this.#check(event);
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
    return this;
  }

  /** @returns whether somebody heard it */
  emit(event: string, ...args: unknown[]): boolean {
    this.#check(event);
    const listeners = this.#listeners.get(event) ?? [];
    for (const listener of listeners) listener(...(args as never[]));
    return listeners.length > 0;
  }

  #check(event: string): void {
    if (!this.#known.includes(event)) {
      throw new Error(`the double of electron does not know the event '${event}' of ${this.#name}`);
    }
  }
}
