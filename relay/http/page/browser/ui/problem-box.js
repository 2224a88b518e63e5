/** @import { Problem } from "../api/problem.js" */
import { t } from "../text/text.js";
import { button, div, p, strong } from "./dom.js";

/**
 * What went wrong and what to do, in the relay's own words where the page has none that fit.
 *
 * @param {{ problem: Problem | undefined, retry?: (() => void) | undefined }} props
 */
export function ProblemBox({ problem, retry }) {
  if (problem === undefined) return null;
  const text = t.value;
  const known = text.problems[/** @type {keyof typeof text.problems} */ (problem.code)];
  const ours = known === undefined ? "en" : undefined;
  const [detail, hint] = known ?? [sentence(problem.message), problem.hint];
  return div(
    { class: "problem", role: "alert" },
    p({ lang: ours }, strong(null, detail)),
    hint !== "" && p({ lang: ours }, hint),
    retry && p(null, button({ type: "button", onClick: retry }, text.again)),
  );
}

/** @param {string} words */
function sentence(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
