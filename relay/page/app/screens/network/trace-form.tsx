import { useEffect, useRef, useState } from "preact/hooks";
import type { TraceStep } from "../../../../../shared/api/resources/live.ts";
import { Button } from "../../../../../shared/ui/button.tsx";
import { TextField } from "../../../../../shared/ui/field.tsx";
import { Form, written } from "../../../../../shared/ui/form.tsx";
import { asProblem, type Problem } from "../../api/problem.ts";
import { t } from "../../state/text.ts";
import { ProblemBox } from "../../ui/problem-box.tsx";
import type { TabProps } from "./tab-props.ts";

/** A form that shows what the hub would do with a frame now, and why. */
export function TraceForm({ api }: TabProps) {
  const text = t.value;
  const words = text.network;
  const [steps, setSteps] = useState<readonly TraceStep[] | undefined>();
  const [problem, setProblem] = useState<Problem>();
  const abort = useRef(new AbortController());
  useEffect(() => () => abort.current.abort(), []);

  const submitted = async (fields: FormData) => {
    // The previous answer no longer matches the question.
    abort.current.abort();
    abort.current = new AbortController();
    const { signal } = abort.current;
    try {
      const answer = await api.trace(written(fields, "from") ?? "", written(fields, "to") ?? "", signal);
      if (signal.aborted) return;
      setSteps(answer);
      setProblem(undefined);
    } catch (error) {
      if (signal.aborted) return;
      setSteps(undefined);
      setProblem(asProblem(error));
    }
  };
  return (
    <div>
      <p class="hint tab-lead">{words.traceLead}</p>
      <Form class="filters" onSubmit={submitted}>
        <TextField label={words.traceFrom} name="from" required class="mono" />
        <TextField label={words.traceTo} name="to" required class="mono" placeholder="broadcast" />
        <Button submit kind="primary">
          {words.traceSubmit}
        </Button>
      </Form>
      <ProblemBox problem={problem} />
      <div role="status">
        {steps && (
          <ol class="steps">
            {steps.map(({ step, result, detail }) => (
              <li key={step} lang="en">
                <code>{step}</code> <strong>{result}</strong>
                <span>{detail}</span>
              </li>
            ))}
          </ol>
        )}
      </div>
    </div>
  );
}
