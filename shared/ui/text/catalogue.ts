/** The shape of a catalogue of words: its keys, and the parameters of its sentences. Every language has the same. */
export type Catalogue<T> = {
  readonly [Key in keyof T]: T[Key] extends (...args: infer Args) => string
    ? (...args: Args) => string
    : T[Key] extends string
      ? string
      : Catalogue<T[Key]>;
};
