import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Button } from "../../../../shared/ui/button.tsx";
import { Switch } from "../../../../shared/ui/switch.tsx";
import type { NetworkStatus, Problem } from "../../../rpc/shapes.ts";
import { NetworkMark } from "../../components/network-mark.tsx";
import { Page } from "../../components/page.tsx";
import { ProblemCard } from "../../components/problem-card.tsx";
import { TrafficChart } from "../../components/traffic-chart.tsx";
import { useLocale, useStore } from "../../state/context.ts";
import { latest } from "../../state/traffic.ts";
import { JoinScreen } from "../join/join-screen.tsx";

/** All networks of this machine, to turn on and off and to open. */
export function NetworksScreen(): JSX.Element {
  const store = useStore();
  const { t } = useLocale();
  if (!store.networks.loaded) return <p class="center">{t.app.loading}</p>;
  const list = store.networks.list.value;
  if (list.length === 0) return <JoinScreen />;
  return (
    <Page
      title={t.screens.networks}
      actions={
        <Button
          kind="primary"
          icon="plus"
          disabled={!store.mayChange}
          onPress={() => store.router.go({ screen: "networks", joining: true })}
        >
          {t.networks.join}
        </Button>
      }
    >
      <ul class="network-list">
        {list.map((network) => (
          <NetworkRow key={network.id} network={network} />
        ))}
      </ul>
    </Page>
  );
}

function NetworkRow({ network }: { readonly network: NetworkStatus }): JSX.Element {
  const store = useStore();
  const { t } = useLocale();
  const refused = useSignal<Problem | undefined>(undefined);
  const problem = refused.value ?? network.error ?? undefined;
  return (
    <li class="card network-row">
      <div>
        <h2>
          <button
            type="button"
            class="card-link"
            aria-label={t.networks.open(network.network)}
            onClick={() => store.router.go({ screen: "networks", network: network.id })}
          >
            {network.network}
          </button>
        </h2>
        <p class="sub">{relayOf(network, t.networks.tenantOf)}</p>
      </div>
      <div>
        <NetworkMark state={network.state} />
        <p class="sub number">
          {network.state === "up"
            ? `${network.address ?? t.networks.noAddress} · ${t.networks.members(network.members)}`
            : (network.address ?? "")}
        </p>
      </div>
      {network.state === "up" || network.state === "reconnecting" ? <Rates network={network} /> : <span />}
      <Switch
        label={t.networks.turn(network.network)}
        on={network.wanted}
        disabled={!store.mayChange}
        onChange={async (on) => {
          const answer = await store.networks.setOn(network.id, on);
          refused.value = answer.ok ? undefined : answer.error;
        }}
      />
      {problem === undefined ? null : (
        <div class="problem-line">
          <ProblemCard
            problem={problem}
            mild={network.state === "reconnecting"}
            alert={refused.value !== undefined}
          />
        </div>
      )}
    </li>
  );
}

function Rates({ network }: { readonly network: NetworkStatus }): JSX.Element {
  const store = useStore();
  const { t, formats } = useLocale();
  const traffic = store.networks.traffic.of(network.id);
  const now = latest(traffic.value);
  return (
    <div class="row middle">
      <TrafficChart traffic={traffic} small />
      <div class="network-rates number">
        <span>
          <span class="unseen">{t.network.received} </span>
          <span aria-hidden="true">↓ </span>
          {formats.rate(now.rx)}
        </span>
        <span>
          <span class="unseen">{t.network.sent} </span>
          <span aria-hidden="true">↑ </span>
          {formats.rate(now.tx)}
        </span>
      </div>
    </div>
  );
}

function relayOf(
  { tenant, relay }: NetworkStatus,
  tenantOf: (tenant: string, relay: string) => string,
): string {
  const host = URL.canParse(relay) ? new URL(relay).host : relay;
  return tenant === null || tenant === "default" ? host : tenantOf(tenant, host);
}
