/** A state in a word, with a dot whose shape and colour say the same. */
export function State({ kind, label }: { kind: "good" | "idle" | "bad"; label: string }) {
  return <span class={`state ${kind}`}>{label}</span>;
}
