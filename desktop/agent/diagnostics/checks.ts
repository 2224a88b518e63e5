import type { Step } from "../../rpc/shapes.ts";

/** The result of a check. */
export interface Finding {
  readonly state: "pass" | "fail" | "skipped";
  /** One line: the result. */
  readonly detail: string;
  /** One line: the next step, if the check failed or was skipped. */
  readonly hint?: string;
  /** The measured value. */
  readonly value?: number;
  readonly unit?: NonNullable<Step["unit"]>;
}

/** One of a sequence of checks. */
export interface Check {
  /** Stable, like `Step.id`. */
  readonly id: string;
  /** IDs of checks that this one depends on: if one of them failed, it is skipped. */
  readonly needs?: readonly string[];
  /** Runs the check. What it throws is a bug, or the signal's reason. */
  run(signal: AbortSignal): Promise<Finding> | Finding;
}

/**
 * Runs checks in order, and reports the start and the result of each.
 *
 * @returns whether none failed
 * @throws the signal's reason when aborted
 */
export async function runChecks(
  checks: readonly Check[],
  progress: (step: Step) => void,
  signal: AbortSignal,
): Promise<boolean> {
  /** The failed check that is the cause, by the ID of the check that depends on it. */
  const blocked = new Map<string, string>();
  let failed = false;
  for (const { id, needs = [], run } of checks) {
    signal.throwIfAborted();
    progress(running(id));
    const blame = needs.map((need) => blocked.get(need)).find((one) => one !== undefined);
    const found: Finding =
      blame === undefined
        ? await run(signal)
        : { state: "skipped", detail: `not tried, because '${blame}' failed` };
    signal.throwIfAborted();
    if (found.state === "fail") failed = true;
    if (found.state === "fail" || blame !== undefined) blocked.set(id, blame ?? id);
    progress(toStep(id, found));
  }
  return !failed;
}

/** Returns a step that has begun. @param progress 0 to 1, if known */
export function running(id: string, progress: number | null = null): Step {
  return { id, state: "running", detail: null, hint: null, value: null, unit: null, progress };
}

export function toStep(id: string, { state, detail, hint, value, unit }: Finding): Step {
  return {
    id,
    state,
    detail,
    hint: hint ?? null,
    value: value ?? null,
    unit: unit ?? null,
    progress: null,
  };
}
