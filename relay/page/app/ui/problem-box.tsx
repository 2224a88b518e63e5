import { Button } from "../../../../shared/ui/button.tsx";
import type { Problem } from "../api/problem.ts";
import { t } from "../state/text.ts";

/** Shows a problem and its hint, in the relay's own words if the page has none. */
export function ProblemBox({
  problem,
  retry,
}: {
  problem: Problem | undefined;
  retry?: (() => void) | undefined;
}) {
  if (problem === undefined) return null;
  const text = t.value;
  const known = text.problems[problem.code as keyof typeof text.problems];
  const ours = known === undefined ? "en" : undefined;
  const [detail, hint] = known ?? [sentence(problem.message), problem.hint];
  return (
    <div class="problem" role="alert">
      <p lang={ours}>
        <strong>{detail}</strong>
      </p>
      {hint !== "" && <p lang={ours}>{hint}</p>}
      {retry && (
        <p>
          <Button onPress={retry}>{text.tryAgain}</Button>
        </p>
      )}
    </div>
  );
}

function sentence(words: string) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
