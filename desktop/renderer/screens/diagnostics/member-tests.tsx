import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Button } from "../../../../shared/ui/button.tsx";
import { SelectField } from "../../../../shared/ui/field.tsx";
import type { NetworkStatus, TestKind } from "../../../rpc/shapes.ts";
import { Card } from "../../components/page.tsx";
import { ProblemCard } from "../../components/problem-card.tsx";
import { measured } from "../../components/step-list.tsx";
import { useLocale, useStore } from "../../state/context.ts";

const KINDS = ["broadcast", "multicast", "throughput", "path-mtu"] as const satisfies readonly TestKind[];

/** Measures between this machine and a chosen member. */
export function MemberTests({ network }: { readonly network: NetworkStatus }): JSX.Element {
  const store = useStore();
  const { t } = useLocale();
  const chosen = useSignal<string | undefined>(undefined);
  const online = (store.networks.peers(network.id).value ?? []).filter((peer) => peer.online);
  const peer = online.find(({ vtep }) => vtep === chosen.value) ?? online[0];
  return (
    <Card title={t.diagnostics.between} lead={t.diagnostics.betweenLead}>
      {peer === undefined ? (
        <p class="muted">{t.diagnostics.noPeers}</p>
      ) : (
        <div class="row tight">
          <SelectField
            label={t.common.member}
            value={peer.vtep}
            options={online.map(({ vtep, name, addresses }) => [
              vtep,
              addresses[0] === undefined ? name : `${name} (${addresses[0]})`,
            ])}
            onChange={(vtep) => {
              chosen.value = vtep;
            }}
          />
        </div>
      )}
      <div class="tests">
        {KINDS.map((kind) => (
          <MemberTest key={kind} kind={kind} network={network.id} vtep={peer?.vtep} />
        ))}
      </div>
    </Card>
  );
}

interface MemberTestProps {
  readonly kind: TestKind;
  readonly network: string;
  readonly vtep: string | undefined;
}

function MemberTest({ kind, network, vtep }: MemberTestProps): JSX.Element {
  const store = useStore();
  const { t, formats } = useLocale();
  const run = store.tests[kind];
  const name = t.diagnostics.test[kind];
  const state = run.state.value;
  const step = run.steps.value.at(-1);
  const problem = run.problem.value;
  const value = step === undefined ? undefined : measured(step, formats);
  return (
    <section class="test" aria-label={name}>
      <h3>{name}</h3>
      {run.isRunning ? (
        <Button small label={t.diagnostics.cancelTest(name)} onPress={() => void run.cancel()}>
          {t.common.cancel}
        </Button>
      ) : (
        <Button
          small
          label={t.diagnostics.runTest(name)}
          disabled={vtep === undefined || !store.mayChange}
          onPress={() => {
            if (vtep !== undefined) void run.start("test", { network, kind, vtep });
          }}
        >
          {t.diagnostics.start}
        </Button>
      )}
      <div class="test-result" role="status">
        {value === undefined ? null : <span class="test-value number">{value} </span>}
        {run.isRunning ? t.diagnostics.running : null}
        {state === "ok" || state === "failed" || state === "cancelled"
          ? t.diagnostics.testEnded[state]
          : null}
        {step?.detail ? <div>{step.detail}</div> : null}
        {step?.state === "fail" && step.hint ? <div>{step.hint}</div> : null}
        {run.isRunning ? (
          <progress class="bar" max={1} value={step?.progress ?? undefined} aria-label={name} />
        ) : null}
      </div>
      {problem === undefined ? null : (
        <div class="test-result">
          <ProblemCard problem={problem} />
        </div>
      )}
    </section>
  );
}
