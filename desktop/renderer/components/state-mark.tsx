import type { JSX } from "preact";
import type { NetworkState } from "../../rpc/shapes.ts";
import { useLocale } from "../state/context.ts";

export type Tone = "good" | "warn" | "bad" | "idle";

const tones: Readonly<Record<NetworkState, Tone>> = {
  up: "good",
  connecting: "warn",
  reconnecting: "warn",
  failed: "bad",
  down: "idle",
};

/** A coloured dot with words, because not every user can tell the colours apart. */
export function Mark({
  tone,
  pulse = false,
  children,
}: {
  readonly tone: Tone;
  readonly pulse?: boolean;
  readonly children: string;
}): JSX.Element {
  return (
    <span class={`state tone-${tone}`}>
      <span class={`dot${tone === "idle" ? "" : " full"}${pulse ? " pulse" : ""}`} />
      {children}
    </span>
  );
}

/** The state of a network. */
export function StateMark({ state }: { readonly state: NetworkState }): JSX.Element {
  const { t } = useLocale();
  return (
    <Mark tone={tones[state]} pulse={state === "connecting" || state === "reconnecting"}>
      {t.states[state]}
    </Mark>
  );
}
