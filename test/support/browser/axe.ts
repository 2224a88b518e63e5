import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import type { Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export interface AccessOptions {
  /** Only rules that depend on colours. */
  readonly coloursAlone?: boolean;
}

/**
 * Returns axe's findings for a page's current content, one line for each element. None means accessible as far as a
 * program can tell (WCAG 2.2, A and AA, and axe's own best practices).
 */
export async function accessProblems(
  page: Page,
  { coloursAlone = false }: AccessOptions = {},
): Promise<string[]> {
  // Evaluated from outside, where the page's policy for scripts does not apply.
  if (!(await page.evaluate("typeof axe === 'object'"))) await page.evaluate(AXE);
  const options: RunOptions = {
    resultTypes: ["violations"],
    preload: false,
    ...(coloursAlone ? { runOnly: ["color-contrast"] } : {}),
  };
  const { violations } = (await page.evaluate(`axe.run(document, ${JSON.stringify(options)})`)) as AxeResults;
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary}`),
  );
}
