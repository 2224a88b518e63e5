import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Button } from "../../../../shared/ui/button.tsx";
import { Icon } from "../../../../shared/ui/icon.tsx";
import { Switch } from "../../../../shared/ui/switch.tsx";
import type { NetworkStatus, Problem } from "../../../rpc/shapes.ts";
import { ConfirmDialog } from "../../components/confirm-dialog.tsx";
import { NetworkMark } from "../../components/network-mark.tsx";
import { Card, Page } from "../../components/page.tsx";
import { ProblemCard } from "../../components/problem-card.tsx";
import { TrafficChart } from "../../components/traffic-chart.tsx";
import { useLocale, useStore } from "../../state/context.ts";
import { latest } from "../../state/traffic.ts";
import { MemberTable } from "./member-table.tsx";
import { NetworkFacts } from "./network-facts.tsx";

/** One network: this machine in it, its traffic, and the other members. */
export function NetworkScreen({ network }: { readonly network: NetworkStatus }): JSX.Element {
  const store = useStore();
  const { t } = useLocale();
  const refused = useSignal<Problem | undefined>(undefined);
  const leaving = useSignal(false);
  const problem = refused.value ?? network.error ?? undefined;
  const isOn = network.state === "up" || network.state === "reconnecting";

  const show = (screen: "topology" | "diagnostics") => {
    store.choose(network.id);
    store.router.go({ screen });
  };
  async function leave(): Promise<void> {
    leaving.value = false;
    const answer = await store.networks.leave(network.id);
    if (answer.ok) store.router.go({ screen: "networks" });
    else refused.value = answer.error;
  }

  return (
    <Page
      title={network.network}
      before={
        <button
          type="button"
          class="icon-button"
          aria-label={t.common.back}
          title={t.common.back}
          onClick={() => store.router.go({ screen: "networks" })}
        >
          <Icon name="back" />
        </button>
      }
      actions={
        <>
          <NetworkMark state={network.state} />
          <Switch
            label={t.networks.turn(network.network)}
            on={network.wanted}
            disabled={!store.mayChange}
            onChange={async (on) => {
              const answer = await store.networks.setOn(network.id, on);
              refused.value = answer.ok ? undefined : answer.error;
            }}
          />
        </>
      }
    >
      {problem === undefined ? null : (
        <ProblemCard problem={problem} mild={network.state === "reconnecting"} />
      )}
      {(network.warnings ?? []).map((warning) => (
        <ProblemCard key={warning.message} problem={warning} mild alert={false} />
      ))}
      <Card title={t.network.here}>
        <NetworkFacts network={network} />
      </Card>
      {isOn ? <TrafficCard network={network} /> : null}
      <Card
        title={t.network.members}
        bare
        actions={
          <>
            <Button small onPress={() => show("topology")}>
              {t.network.showTopology}
            </Button>{" "}
            <Button small onPress={() => show("diagnostics")}>
              {t.network.diagnose}
            </Button>
          </>
        }
      >
        {isOn ? <MemberTable network={network} /> : <p class="empty">{t.network.membersOff}</p>}
      </Card>
      <div class="row middle">
        <Switch
          labelledBy="autostart"
          on={network.autostart}
          disabled={!store.mayChange}
          onChange={(on) => void store.networks.setAutostart(network.id, on)}
        />
        <span id="autostart">{t.network.autostart}</span>
        <div class="page-actions">
          <Button
            kind="danger"
            disabled={!store.mayChange}
            onPress={() => {
              leaving.value = true;
            }}
          >
            {t.network.leave}
          </Button>
        </div>
      </div>
      {leaving.value ? (
        <ConfirmDialog
          title={t.network.leaveTitle(network.network)}
          text={t.network.leaveText}
          action={t.network.leave}
          onConfirm={() => void leave()}
          onClose={() => {
            leaving.value = false;
          }}
        />
      ) : null}
    </Page>
  );
}

function TrafficCard({ network }: { readonly network: NetworkStatus }): JSX.Element {
  const store = useStore();
  const { t, formats } = useLocale();
  const traffic = store.networks.traffic.of(network.id);
  const now = latest(traffic.value);
  return (
    <Card
      title={t.network.traffic}
      actions={
        <span class="plot-legend number">
          <span class="key">
            {t.network.received} <b>{formats.rate(now.rx)}</b>
          </span>
          <span class="key sent">
            {t.network.sent} <b>{formats.rate(now.tx)}</b>
          </span>
        </span>
      }
    >
      <TrafficChart traffic={traffic} />
    </Card>
  );
}
