import type { Step } from "../../rpc/shapes.ts";

/** What a check found. */
export interface Finding {
  readonly state: "pass" | "fail" | "skipped";
  /** One line: what was found. */
  readonly detail: string;
  /** One line: what to do, of one that failed or was skipped. */
  readonly hint?: string;
  /** What was measured. */
  readonly value?: number;
  readonly unit?: NonNullable<Step["unit"]>;
}

/** One of the ordered checks. */
export interface Check {
  /** Stable, as `Step.id`. */
  readonly id: string;
  /** Checks without which this one makes no sense: where one of them failed it is skipped. */
  readonly needs?: readonly string[];
  /** Finds out; what it throws is a mistake of ours, or the signal's reason. */
  run(signal: AbortSignal): Promise<Finding> | Finding;
}

/**
 * Runs checks one after the other, and tells of each that it begins and what it found.
 *
 * @returns whether none failed
 * @throws the signal's reason when aborted
 */
export async function runChecks(
  checks: readonly Check[],
  progress: (step: Step) => void,
  signal: AbortSignal,
): Promise<boolean> {
  /** By id, the failed check that is to blame. */
  const blocked = new Map<string, string>();
  let failed = false;
  for (const { id, needs = [], run } of checks) {
    signal.throwIfAborted();
    progress(running(id));
    const blame = needs.map((need) => blocked.get(need)).find((one) => one !== undefined);
    const found: Finding =
      blame === undefined
        ? await run(signal)
        : { state: "skipped", detail: `not tried, since '${blame}' failed` };
    signal.throwIfAborted();
    if (found.state === "fail") failed = true;
    if (found.state === "fail" || blame !== undefined) blocked.set(id, blame ?? id);
    progress(toStep(id, found));
  }
  return !failed;
}

/** A step that has begun. @param progress 0 to 1, where it is known */
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
