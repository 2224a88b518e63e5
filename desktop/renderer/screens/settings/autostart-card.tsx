import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Switch } from "../../../../shared/ui/switch.tsx";
import type { NetworkStatus, Problem } from "../../../rpc/shapes.ts";
import { Card } from "../../components/page.tsx";
import { ProblemCard } from "../../components/problem-card.tsx";
import { useLocale, useStore } from "../../state/context.ts";

/** Chooses the networks that the service connects when the machine starts. */
export function AutostartCard(): JSX.Element {
  const store = useStore();
  const { t } = useLocale();
  const problem = useSignal<Problem | undefined>(undefined);
  const list = store.networks.list.value;
  async function change({ id }: NetworkStatus, on: boolean): Promise<void> {
    const answer = await store.networks.setAutostart(id, on);
    problem.value = answer.ok ? undefined : answer.error;
  }
  return (
    <Card title={t.settings.autostart}>
      {problem.value === undefined ? null : <ProblemCard problem={problem.value} />}
      {list.length === 0 ? <p class="muted">{t.settings.noNetworks}</p> : null}
      {list.map((network) => (
        <div class="settings-row" key={network.id}>
          <div>
            {network.network} <span class="hint">{network.relay}</span>
          </div>
          <Switch
            label={network.network}
            on={network.autostart}
            disabled={!store.mayChange}
            onChange={(on) => void change(network, on)}
          />
        </div>
      ))}
    </Card>
  );
}
