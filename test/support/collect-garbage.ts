import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Makes the garbage collector free unreferenced objects, and what they alone referenced. */
export async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // Twice: buffers are freed in the background, after the first.
  collect();
  await turn();
  collect();
}
