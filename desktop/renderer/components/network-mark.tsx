import type { JSX } from "preact";
import { StateMark, type Tone } from "../../../shared/ui/state-mark.tsx";
import type { NetworkState } from "../../rpc/shapes.ts";
import { useLocale } from "../state/context.ts";

const tones: Readonly<Record<NetworkState, Tone>> = {
  up: "good",
  connecting: "warn",
  reconnecting: "warn",
  failed: "bad",
  down: "idle",
};

/** The state of a network. */
export function NetworkMark({ state }: { readonly state: NetworkState }): JSX.Element {
  const { t } = useLocale();
  return (
    <StateMark tone={tones[state]} pulse={state === "connecting" || state === "reconnecting"}>
      {t.states[state]}
    </StateMark>
  );
}
