import { setTimeout as delay } from "node:timers/promises";
import { type AttackerDid, type BystandersSaw, Stage, type StageOptions, type Transport } from "./stage.ts";

/** Milliseconds between two measurements of memory. */
const SAMPLE_MS = 100;
/** Milliseconds that a relay may take to release memory after the attacker is gone. */
const RECOVERY_MS = 30_000;
/** Seconds below which a run has only the phase with all attacks at once. */
const SHORT = 12;
const MIB = 1_048_576;

/** The results of one phase of a run. */
export interface Phase {
  readonly transport: Transport;
  /** `nothing`, one kind of attack, or `all`. */
  readonly name: string;
  readonly seconds: number;
  /** Undefined if the relay ended. */
  readonly bystanders: BystandersSaw | undefined;
  readonly attackers: readonly AttackerDid[];
  /** Resident MiB before this relay's first attack, and the maximum during the phase. */
  readonly memory: { readonly base: number; readonly most: number };
  /** Milliseconds for which the relay itself waited for a processor. */
  readonly waitedMs: number;
  /** The exit of the relay, if it ended. */
  readonly ended: string | undefined;
  /** Errors that the relay logged. */
  readonly errors: readonly string[];
}

/** The state of a relay after its attacker was gone, in MiB. */
export interface Recovery {
  readonly transport: Transport;
  readonly base: number;
  readonly after: number;
  /** Undefined if their program failed. */
  readonly bystanders: BystandersSaw | undefined;
}

export interface RunOptions extends Omit<StageOptions, "seed"> {
  readonly seed: number;
  readonly seconds: number;
  readonly kinds: readonly string[];
  /** MiB above the base to which the relay's memory must return. */
  readonly boundAfter: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

export interface Run {
  readonly phases: readonly Phase[];
  /** Undefined if the relay ended last. */
  readonly recovery: Recovery | undefined;
}

/** Returns the duration of each phase: nothing, then each attack alone, then all at once. */
export function schedule(
  kinds: readonly string[],
  seconds: number,
): { name: string; kinds: string[]; seconds: number }[] {
  const quiet = { name: "nothing", kinds: [], seconds: Math.min(5, seconds * 0.1) };
  const left = seconds - quiet.seconds;
  if (kinds.length === 1) return [quiet, { name: kinds[0] ?? "", kinds: [...kinds], seconds: left }];
  const all = { name: "all", kinds: [...kinds], seconds: left };
  if (seconds < SHORT) return [quiet, all];
  const each = left / 2 / kinds.length;
  const alone = kinds.map((name) => ({ name, kinds: [name], seconds: each }));
  return [quiet, ...alone, { ...all, seconds: left / 2 }];
}

/** Attacks one relay in phases. Replaces a relay that ends, so that later phases have results, too. */
export async function run(options: RunOptions): Promise<Run> {
  const { transport, kinds, seconds, signal, say } = options;
  const phases: Phase[] = [];
  let stage = await Stage.create(options);
  let base: number | undefined;
  try {
    for (const { name, kinds: some, seconds: time } of schedule(kinds, seconds)) {
      signal.throwIfAborted();
      // Also if a bystander lost its connection, so that each phase has only its own results.
      if (phases.length > 0 && phases.at(-1)?.bystanders?.problems.length !== 0) {
        await stage[Symbol.asyncDispose]();
        stage = await Stage.create({ ...options, seed: options.seed + phases.length * 100 });
        base = undefined;
      }
      say(`${describe(transport)}: ${name}, ${time.toFixed(1)} s`);
      // Bystanders alone are part of the base.
      if (name !== "nothing") base ??= residentMib(stage);
      phases.push(await phase(stage, { transport, name, kinds: some, seconds: time, base, signal }));
    }
    return { phases, recovery: await recover(stage, options, base ?? 0) };
  } finally {
    await stage[Symbol.asyncDispose]();
  }
}

export function describe({ tls, framing }: Transport): string {
  return `${tls ? "TLS" : "plain"}, ${framing}`;
}

async function phase(
  stage: Stage,
  {
    transport,
    name,
    kinds,
    seconds,
    base = residentMib(stage) ?? 0,
    signal,
  }: {
    transport: Transport;
    name: string;
    kinds: readonly string[];
    seconds: number;
    base: number | undefined;
    signal: AbortSignal;
  },
): Promise<Phase> {
  const { relay } = stage;
  const known = relay.errors.length;
  const waited = relay.waitedMs;
  let most = residentMib(stage) ?? 0;
  const sampler = setInterval(() => {
    most = Math.max(most, residentMib(stage) ?? 0);
  }, SAMPLE_MS);
  const ended = new AbortController();
  void relay.ended.then(() => ended.abort());
  const over = AbortSignal.any([signal, ended.signal]);
  stage.begin();
  const attackers = await stage.attack(kinds, seconds, over);
  if (kinds.length === 0) await delay(seconds * 1_000, undefined, { signal: over }).catch(() => {});
  // Lets the output that waits in pipes arrive.
  const saw = relay.isAlive ? await stage.seen().catch(() => undefined) : undefined;
  clearInterval(sampler);
  return {
    transport,
    name,
    seconds,
    bystanders: saw,
    attackers,
    memory: { base, most },
    waitedMs: relay.waitedMs - waited,
    ended: relay.isAlive ? undefined : await relay.ended,
    errors: relay.errors.slice(known),
  };
}

/** Removes the attacker, and lets the bystanders run until the relay's memory has returned. */
async function recover(stage: Stage, options: RunOptions, base: number): Promise<Recovery | undefined> {
  const { transport, boundAfter, signal } = options;
  if (!stage.relay.isAlive) return undefined;
  await stage.dismiss();
  // A relay without traffic has no reason to collect its garbage.
  stage.begin();
  const until = performance.now() + RECOVERY_MS;
  let after = residentMib(stage) ?? 0;
  while (after > base + boundAfter && performance.now() < until && !signal.aborted) {
    await delay(SAMPLE_MS);
    after = residentMib(stage) ?? 0;
  }
  return { transport, base, after, bystanders: await stage.seen().catch(() => undefined) };
}

function residentMib({ relay }: Stage): number | undefined {
  const bytes = relay.residentBytes;
  return bytes === undefined ? undefined : bytes / MIB;
}
