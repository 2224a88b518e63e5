import { closeSync, constants, openSync } from "node:fs";
import { join } from "node:path";
import { makePrivateDirectory } from "../../../system/private-file.ts";
import { runningAlready } from "./calls/rpc-server.ts";
import type { SocketNative } from "./calls/socket-native.ts";

const { O_WRONLY, O_CREAT, O_NOFOLLOW } = constants;

/**
 * Has a state directory for this process alone, until it ends however it does: two agents with one device's keys would
 * throw each other out for ever.
 *
 * @returns what gives it back
 * @throws Fault `agent.running-already`
 */
export function lockState(directory: string, native: SocketNative): () => void {
  makePrivateDirectory(directory);
  const descriptor = openSync(join(directory, "agent.lock"), O_WRONLY | O_CREAT | O_NOFOLLOW, 0o600);
  if (native.lock(descriptor)) return () => closeSync(descriptor);
  closeSync(descriptor);
  throw runningAlready(`another agent has the state directory '${directory}'`);
}
