import type { JSX } from "preact";
import type { Formats } from "../../../shared/ui/formats.ts";
import { Icon, type IconName } from "../../../shared/ui/icon.tsx";
import type { Tone } from "../../../shared/ui/state-mark.tsx";
import type { Step } from "../../rpc/shapes.ts";
import { useLocale } from "../state/context.ts";

const looks: Readonly<Record<Step["state"], { icon: IconName; tone: Tone }>> = {
  running: { icon: "running", tone: "warn" },
  pass: { icon: "pass", tone: "good" },
  fail: { icon: "fail", tone: "bad" },
  skipped: { icon: "skip", tone: "idle" },
};

/** Returns a measured value with its unit, or undefined if the step has none. */
export function measured({ value, unit }: Step, formats: Formats): string | undefined {
  if (value === null || unit === null) return undefined;
  switch (unit) {
    case "ms":
      return formats.milliseconds(value);
    case "bit/s":
      return formats.bitRate(value);
    case "bytes":
      return `${formats.count(value)} B`;
  }
}

function StepLine({ step }: { readonly step: Step }): JSX.Element {
  const { t, formats } = useLocale();
  const { icon, tone } = looks[step.state];
  const titles: Readonly<Record<string, string>> = t.diagnostics.steps;
  const value = measured(step, formats);
  return (
    <li class={`step tone-${tone}`}>
      <Icon name={icon} spin={step.state === "running"} />
      <div class="step-text">
        <span class="step-title">{titles[step.id] ?? step.id}</span>
        {step.detail === null ? null : <span class="muted">{step.detail}</span>}
        {step.state !== "fail" || step.hint === null ? null : <span>{step.hint}</span>}
        {step.state !== "running" || step.progress === null ? null : (
          <progress class="bar" max={1} value={step.progress} aria-label={titles[step.id] ?? step.id} />
        )}
      </div>
      <span class="step-result number">
        {value === undefined ? "" : `${value} · `}
        {t.diagnostics.state[step.state]}
      </span>
    </li>
  );
}

/** Checks in their order, shown as they run. */
export function StepList({
  steps,
  label,
}: {
  readonly steps: readonly Step[];
  readonly label: string;
}): JSX.Element {
  return (
    <ol class="steps" aria-label={label}>
      {steps.map((step) => (
        <StepLine key={step.id} step={step} />
      ))}
    </ol>
  );
}
