import type { JSX } from "preact";
import { Button } from "../../../../shared/ui/button.tsx";
import type { NetworkStatus } from "../../../rpc/shapes.ts";
import { Card } from "../../components/page.tsx";
import { ProblemCard } from "../../components/problem-card.tsx";
import { StepList } from "../../components/step-list.tsx";
import { useLocale, useStore } from "../../state/context.ts";

/** Runs the checks of `laneway doctor` and shows each as it ends. */
export function DoctorCard({ network }: { readonly network: NetworkStatus | undefined }): JSX.Element {
  const store = useStore();
  const { t } = useLocale();
  const { doctor } = store;
  const state = doctor.state.value;
  const steps = doctor.steps.value;
  const problem = doctor.problem.value;
  const ended = state === "ok" || state === "failed" || state === "cancelled";
  return (
    <Card
      title={t.diagnostics.doctor}
      lead={t.diagnostics.doctorLead}
      actions={
        doctor.isRunning ? (
          <Button onPress={() => void doctor.cancel()}>{t.common.cancel}</Button>
        ) : (
          <Button
            kind="primary"
            disabled={!store.mayChange}
            onPress={() => void doctor.start("doctor", network === undefined ? {} : { network: network.id })}
          >
            {t.diagnostics.run}
          </Button>
        )
      }
    >
      <p role="status" class={ended || doctor.isRunning ? "" : "unseen"}>
        {doctor.isRunning ? t.diagnostics.running : ended ? t.diagnostics.ended[state] : ""}
      </p>
      {problem === undefined ? null : <ProblemCard problem={problem} />}
      {steps.length === 0 ? null : <StepList steps={steps} label={t.diagnostics.doctor} />}
    </Card>
  );
}
