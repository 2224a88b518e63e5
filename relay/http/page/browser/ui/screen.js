/** @import { ComponentChildren } from "preact" */
/** @import { Live } from "../state/use-live.js" */
import { h } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../text/text.js";
import { div, h1, header, p } from "./dom.js";
import { ProblemBox } from "./problem-box.js";

/**
 * A screen below its heading, which is where the reader is put when it is opened.
 *
 * @param {object} props
 * @param {string} props.title
 * @param {ComponentChildren} [props.lead]
 * @param {ComponentChildren} [props.actions]
 * @param {ComponentChildren} [props.children]
 */
export function Screen({ title, lead, actions, children }) {
  const heading = useRef(/** @type {HTMLHeadingElement | null} */ (null));
  useEffect(() => {
    document.title = `${title} – Laneway`;
  }, [title]);
  useEffect(() => heading.current?.focus(), []);
  return div(
    { class: "screen" },
    header(
      { class: "screen-head" },
      div(null, h1({ ref: heading, tabIndex: -1 }, title), lead && p({ class: "lead" }, lead)),
      actions && div({ class: "actions" }, actions),
    ),
    children,
  );
}

/**
 * What was loaded, or that it has not come, or why it can't.
 *
 * @template T
 * @param {{ live: Live<T>, show: (data: T) => ComponentChildren }} what
 */
export function loaded({ live: { data, problem, reload }, show }) {
  return div(
    null,
    h(ProblemBox, { problem, retry: reload }),
    data !== undefined
      ? show(data)
      : problem === undefined && p({ class: "empty", role: "status" }, t.value.loading),
  );
}
