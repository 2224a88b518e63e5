/** A part of a list that has an order: what comes behind a key, so that changes before it shift nothing. */
export interface Part<Key> {
  /** Where the part before ended; absent at the beginning. */
  readonly after?: Key | undefined;
  /** How many rows at most; a negative number is all of them. */
  readonly limit: number;
}

/** Of what is ordered by when it was made (seconds since 1970), and by its id. */
export type TimeKey = readonly [number, string];

export const WHOLE = { limit: -1 } as const;

/** Before everything that is ordered so. */
export const BEGINNING: TimeKey = [-1, ""];
