import type { JSX } from "preact";

export type Tone = "good" | "warn" | "bad" | "idle";

/** A state in words, with a dot whose colour and shape say the same. Not every user can tell the colours apart. */
export function StateMark({
  tone,
  pulse = false,
  children,
}: {
  readonly tone: Tone;
  readonly pulse?: boolean;
  readonly children: string;
}): JSX.Element {
  return <span class={`state tone-${tone}${pulse ? " pulse" : ""}`}>{children}</span>;
}
