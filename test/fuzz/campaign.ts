import { setImmediate as turn } from "node:timers/promises";
import { collectGarbage } from "../support/collect-garbage.ts";
import { Mutator } from "./mutator.ts";
import { Random } from "./random.ts";
import type { Subject, Target } from "./subject.ts";

/** Packets between two turns of the event loop, each of which stands for a second. */
const CHUNK = 2_000;
/** Chunks between two looks at whether it lives. */
const LOOK_EVERY = 50;
/** What tables and compiled code may still take once a tenth of the packets is through, in bytes. */
const HEAP_GROWTH = 16 * 1024 * 1024;

export interface CampaignOptions {
  readonly packets: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

export interface CampaignResult {
  readonly packets: number;
  readonly seconds: number;
  /** How much more memory was in use at the end than after the first tenth, in bytes. */
  readonly growth: number;
}

/**
 * Has a target take so many hostile packets.
 *
 * @throws Error where it threw, did not account for one, keeps memory, or lets good frames pass no more: with the
 *   number of the packet and its bytes
 */
export async function campaign(
  target: Target,
  { packets, seed, signal }: CampaignOptions,
): Promise<CampaignResult> {
  await using subject = await target.open();
  const random = new Random(seed);
  const incoming = new Mutator(random, target.corpus);
  const outgoing = subject.outgoing === undefined ? undefined : new Mutator(random, subject.outgoing);
  const began = performance.now();
  let received = 0;
  let expected = subject.accounted();
  let memory: number | undefined;

  for (let chunks = 1; received < packets; chunks++) {
    signal?.throwIfAborted();
    for (let left = Math.min(CHUNK, packets - received); left > 0; left--) {
      incoming.next();
      told(received, incoming, subject, () => subject.receive(incoming.bytes, incoming.end, random.next()));
      received++;
      expected++;
      if (outgoing === undefined || random.below(4) > 0) continue;
      outgoing.next();
      told(received, outgoing, subject, () => subject.send?.(outgoing.bytes, outgoing.end));
    }
    await turn();
    await subject.second();
    const failure = subject.failure?.();
    if (failure !== undefined) throw new Error(`by packet ${received} something failed: ${failure}`);
    const accounted = subject.accounted();
    if (accounted !== expected)
      throw new Error(`by packet ${received} ${expected - accounted} were lost uncounted`);
    if (memory === undefined && received >= packets / 10) memory = await memoryInUse();
    if (chunks % LOOK_EVERY !== 0 && received < packets) continue;
    if (!(await subject.isAlive())) throw new Error(`after packet ${received} good frames pass no more`);
    expected = subject.accounted();
  }

  const growth = (await memoryInUse()) - (memory ?? 0);
  if (growth > HEAP_GROWTH) throw new Error(`${growth} bytes more are in use than before`);
  return { packets, seconds: (performance.now() - began) / 1_000, growth };
}

/** Does `work`, and where that throws, or contains an error, says with which packet. */
function told(index: number, { bytes, end }: Mutator, subject: Subject, work: () => void): void {
  try {
    work();
    const failure = subject.failure?.();
    if (failure !== undefined) throw failure;
  } catch (cause) {
    const hex = Buffer.from(bytes.subarray(0, end)).toString("hex");
    throw new Error(`packet ${index} made it throw: ${cause}\n${hex}`, { cause });
  }
}

/** In the heap and outside, once what nobody holds is gone. */
async function memoryInUse(): Promise<number> {
  await collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
