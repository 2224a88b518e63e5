import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Has the garbage collector take what nobody holds, and what that was the last to hold. */
export async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // Twice: buffers are let go of beside the program, after the first.
  collect();
  await turn();
  collect();
}
