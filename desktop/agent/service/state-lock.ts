import { closeSync, constants, openSync } from "node:fs";
import { join } from "node:path";
import { makePrivateDirectory } from "../../../system/private-file.ts";
import { runningAlready } from "./calls/rpc-server.ts";
import type { SocketNative } from "./calls/socket-native.ts";

const { O_WRONLY, O_CREAT, O_NOFOLLOW } = constants;

/**
 * Locks a state directory for this process until it ends in any way: two agents with one device's keys would end each
 * other's sessions forever.
 *
 * @returns a function that unlocks it
 * @throws Fault `agent.running-already`
 */
export function lockState(directory: string, native: SocketNative): () => void {
  makePrivateDirectory(directory);
  const descriptor = openSync(join(directory, "agent.lock"), O_WRONLY | O_CREAT | O_NOFOLLOW, 0o600);
  if (native.lock(descriptor)) return () => closeSync(descriptor);
  closeSync(descriptor);
  throw runningAlready(`another agent has the state directory '${directory}'`);
}
