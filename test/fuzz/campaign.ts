import { setImmediate as turn } from "node:timers/promises";
import { collectGarbage } from "../support/collect-garbage.ts";
import { Mutator } from "./mutator.ts";
import { Random } from "./random.ts";
import type { Subject, Target } from "./subject.ts";

/** Number of packets between two turns of the event loop, each of which stands for a second. */
const CHUNK = 2_000;
/** Number of chunks between two checks that the target still forwards. */
const LOOK_EVERY = 50;
/** Bytes that tables and compiled code may still grow by after a tenth of the packets. */
const HEAP_GROWTH = 16 * 1024 * 1024;

export interface CampaignOptions {
  readonly packets: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

export interface CampaignResult {
  readonly packets: number;
  readonly seconds: number;
  /** Growth of the used memory between the first tenth and the end, in bytes. */
  readonly growth: number;
}

/**
 * Sends this many hostile packets to a target.
 *
 * @throws Error with the number and the bytes of a packet, if the target threw, did not count it, keeps memory, or
 * forwards good frames no more
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

/** Runs `work`; if it throws or contains an error, names the packet. */
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

/** Returns the used bytes in the heap and outside, after a collection. */
async function memoryInUse(): Promise<number> {
  await collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
