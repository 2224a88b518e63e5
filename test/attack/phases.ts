import { setTimeout as delay } from "node:timers/promises";
import { type AttackerDid, type BystandersSaw, Stage, type StageOptions, type Transport } from "./stage.ts";

/** How often memory is looked at, in milliseconds. */
const SAMPLE_MS = 100;
/** How long a relay may take to give memory back once the attacker is gone, in milliseconds. */
const RECOVERY_MS = 30_000;
/** A run shorter than this has all attacks at once alone, in seconds. */
const SHORT = 12;
const MIB = 1_048_576;

/** What happened in one phase of a run. */
export interface Phase {
  readonly transport: Transport;
  /** `nothing`, one kind of attack, or `all`. */
  readonly name: string;
  readonly seconds: number;
  /** Undefined if the relay ended. */
  readonly bystanders: BystandersSaw | undefined;
  readonly attackers: readonly AttackerDid[];
  /** MiB resident before this relay's first attack, and at most during the phase. */
  readonly memory: { readonly base: number; readonly most: number };
  /** Milliseconds for which the relay itself waited for a processor. */
  readonly waitedMs: number;
  /** How the relay ended, if it did. */
  readonly ended: string | undefined;
  /** Errors that the relay logged. */
  readonly errors: readonly string[];
}

/** What became of a relay after its attacker was gone; MiB. */
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
  /** MiB above the base to which the relay's memory has to come back. */
  readonly boundAfter: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

export interface Run {
  readonly phases: readonly Phase[];
  /** Undefined if the relay ended last. */
  readonly recovery: Recovery | undefined;
}

/** How long each phase of a run takes: nothing, then each attack alone, then all at once. */
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

/** Attacks one relay in phases. A relay that ends is replaced, so that the phases after it tell something, too. */
export async function run(options: RunOptions): Promise<Run> {
  const { transport, kinds, seconds, signal, say } = options;
  const phases: Phase[] = [];
  let stage = await Stage.create(options);
  let base: number | undefined;
  try {
    for (const { name, kinds: some, seconds: time } of schedule(kinds, seconds)) {
      signal.throwIfAborted();
      // Also where a bystander is cut off: what comes after is to tell of its own.
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
  // What waited while the relay was alive has to arrive.
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
    ended: relay.isAlive ? undefined : relay.end,
    errors: relay.errors.slice(known),
  };
}

/** Takes the attacker away, and lets the bystanders go on until the relay's memory has come back. */
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
