/** A page of an ordered list: the rows behind a key, so that changes before it shift nothing. */
export interface Part<Key> {
  /** The last key of the previous part; absent at the beginning. */
  readonly after?: Key | undefined;
  /** Maximum number of rows; a negative number means all. */
  readonly limit: number;
}

/** Key of rows ordered by creation time (seconds since 1970), then by id. */
export type TimeKey = readonly [number, string];

export const WHOLE = { limit: -1 } as const;

/** Sorts before every key. */
export const BEGINNING: TimeKey = [-1, ""];
