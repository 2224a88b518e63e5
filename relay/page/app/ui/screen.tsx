import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../state/text.ts";
import type { Live } from "../state/use-live.ts";
import { ProblemBox } from "./problem-box.tsx";

/** A screen below its heading, which gets the focus when the screen opens. */
export function Screen({
  title,
  lead,
  actions,
  children,
}: {
  title: string;
  lead?: ComponentChildren;
  actions?: ComponentChildren;
  children?: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} – Laneway`;
  }, [title]);
  useEffect(() => heading.current?.focus(), []);
  return (
    <div class="screen">
      <header class="screen-head">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead && <p class="lead">{lead}</p>}
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** Shows loaded data, that it is loading, or why it failed. */
export function Loaded<T>({
  live: { data, problem, reload },
  show,
}: {
  live: Live<T>;
  show: (data: T) => ComponentChildren;
}) {
  return (
    <div>
      <ProblemBox problem={problem} retry={reload} />
      {data !== undefined
        ? show(data)
        : problem === undefined && (
            <p class="empty" role="status">
              {t.value.loading}
            </p>
          )}
    </div>
  );
}
