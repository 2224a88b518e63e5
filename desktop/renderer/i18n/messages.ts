import type { en } from "./en.ts";

/** The shape of a catalogue: its keys, and what its sentences take. */
type Catalogue<T> = {
  readonly [Key in keyof T]: T[Key] extends (...args: infer Args) => string
    ? (...args: Args) => string
    : T[Key] extends string
      ? string
      : Catalogue<T[Key]>;
};

/** Every word of the window. A catalogue that lacks one, or has one too many, does not compile. */
export type Messages = Catalogue<typeof en>;
