import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Button } from "../../../../shared/ui/button.tsx";
import { SelectField } from "../../../../shared/ui/field.tsx";
import { StateMark } from "../../../../shared/ui/state-mark.tsx";
import { Copyable } from "../../components/copyable.tsx";
import { NetworkPicker } from "../../components/network-picker.tsx";
import { Card, Page } from "../../components/page.tsx";
import { ProblemCard } from "../../components/problem-card.tsx";
import type { CaptureProgress } from "../../state/capture-run.ts";
import { useLocale, useStore } from "../../state/context.ts";

/** Durations of a capture, in seconds; undefined runs until the user stops it. */
const DURATIONS = { manual: undefined, s30: 30, m5: 300, h1: 3_600 } as const;
type Duration = keyof typeof DURATIONS;

/** Captures the traffic of this machine's port to a file. */
export function CaptureScreen(): JSX.Element {
  const store = useStore();
  const { t } = useLocale();
  const duration = useSignal<Duration>("manual");
  const { capture, chosen: network } = store;
  const progress = capture.progress.value;
  const problem = capture.problem.value;
  const { durations } = t.capture;
  return (
    <Page title={t.screens.capture} lead={t.capture.lead} actions={<NetworkPicker />}>
      {network === undefined ? (
        <p class="empty">{t.capture.empty}</p>
      ) : (
        <Card title={network.network}>
          <div class="row tight">
            <SelectField<Duration>
              label={t.capture.seconds}
              value={duration.value}
              options={[
                ["manual", durations.manual],
                ["s30", durations.s30],
                ["m5", durations.m5],
                ["h1", durations.h1],
              ]}
              onChange={(value) => {
                duration.value = value;
              }}
            />
            {capture.isRunning ? (
              <Button kind="danger" onPress={() => void capture.stop()}>
                {t.capture.stop}
              </Button>
            ) : (
              <Button
                kind="primary"
                disabled={!store.mayChange || capture.asking.value}
                onPress={() => void capture.start(network.id, DURATIONS[duration.value])}
              >
                {capture.asking.value ? t.capture.choosing : t.capture.start}
              </Button>
            )}
          </div>
          <p class="muted">{t.capture.note}</p>
          {problem === undefined ? null : <ProblemCard problem={problem} />}
          {progress === undefined ? null : <Progress progress={progress} />}
        </Card>
      )}
    </Page>
  );
}

function Progress({ progress }: { readonly progress: CaptureProgress }): JSX.Element {
  const { t, formats } = useLocale();
  const { state, file, packets, bytes } = progress;
  const tone = state === "running" ? "warn" : state === "done" ? "good" : "bad";
  return (
    <dl class="facts">
      <div>
        <dt>{t.network.state}</dt>
        <dd>
          <span role="status">
            <StateMark tone={tone} pulse={state === "running"}>
              {t.capture[state]}
            </StateMark>
          </span>
        </dd>
      </div>
      <div>
        <dt>{t.capture.packets}</dt>
        <dd class="number">{formats.count(packets)}</dd>
      </div>
      <div>
        <dt>{t.capture.bytes}</dt>
        <dd class="number">{formats.bytes(bytes)}</dd>
      </div>
      <div>
        <dt>{t.capture.file}</dt>
        <dd>
          <Copyable text={file} what={t.capture.file} />
        </dd>
      </div>
    </dl>
  );
}
