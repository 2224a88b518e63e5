/** @import { TraceStep } from "../../api/answers.ts" */
/** @import { Problem } from "../../api/problem.js" */
/** @import { TabProps } from "./network-screen.js" */
import { h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { asProblem } from "../../api/problem.js";
import { t } from "../../text/text.js";
import { button, code, div, form, li, ol, p, span, strong } from "../../ui/dom.js";
import { TextField, written } from "../../ui/field.js";
import { ProblemBox } from "../../ui/problem-box.js";

/**
 * What the hub would do with a frame now, and why.
 *
 * @param {TabProps} props
 */
export function TraceForm({ api }) {
  const text = t.value;
  const words = text.network;
  const [steps, setSteps] = useState(/** @type {readonly TraceStep[] | undefined} */ (undefined));
  const [problem, setProblem] = useState(/** @type {Problem | undefined} */ (undefined));
  const abort = useRef(new AbortController());
  useEffect(() => () => abort.current.abort(), []);

  /** @param {SubmitEvent & { currentTarget: HTMLFormElement }} event */
  const submitted = async (event) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    // Another question: whatever the last one comes to is not wanted any more.
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
  return div(
    null,
    p({ class: "hint tab-lead" }, words.traceLead),
    form(
      { class: "filters", onSubmit: submitted },
      h(TextField, { label: words.traceFrom, input: { name: "from", required: true, class: "mono" } }),
      h(TextField, {
        label: words.traceTo,
        input: { name: "to", required: true, class: "mono", placeholder: "broadcast" },
      }),
      button({ type: "submit", class: "primary" }, words.traceSubmit),
    ),
    h(ProblemBox, { problem }),
    div(
      { role: "status" },
      steps &&
        ol(
          { class: "steps" },
          steps.map(({ step, result, detail }) =>
            li({ key: step, lang: "en" }, code(null, step), " ", strong(null, result), span(null, detail)),
          ),
        ),
    ),
  );
}
