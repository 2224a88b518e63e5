import type { ComponentChildren, JSX } from "preact";
import { Icon } from "../../../shared/ui/icon.tsx";
import { errorText } from "../../errors/text.ts";
import type { Problem } from "../../rpc/shapes.ts";
import { useLocale } from "../state/context.ts";

interface ProblemCardProps {
  readonly problem: Problem;
  /** Whether it is a limit rather than a failure. */
  readonly mild?: boolean;
  /** Whether a reader says it at once. False for a problem that existed before the screen opened. */
  readonly alert?: boolean;
  readonly children?: ComponentChildren;
}

/** What went wrong, what it means and what to do. The agent's own words are a click away. */
export function ProblemCard({
  problem,
  mild = false,
  alert = true,
  children,
}: ProblemCardProps): JSX.Element {
  const { language, t } = useLocale();
  const { title, sentence, next } = errorText(problem, language);
  const details = [problem.message, problem.hint].filter((text) => text !== "" && text !== sentence);
  return (
    <div class={mild ? "problem mild" : "problem"} role={alert ? "alert" : undefined}>
      <Icon name={mild ? "alert" : "fail"} />
      <div class="problem-text">
        <p class="problem-title">{title}</p>
        <p>
          {sentence}
          {language === "zh-CN" ? "" : " "}
          {next}
        </p>
        {problem.message === "" || problem.message === sentence ? null : (
          <details>
            <summary>
              {t.common.details} ({problem.code})
            </summary>
            {details.map((text) => (
              <p key={text} lang="en">
                {text}
              </p>
            ))}
          </details>
        )}
      </div>
      {children === undefined ? null : <div>{children}</div>}
    </div>
  );
}
