// Users other than the tests' own.
import { execFileSync } from "node:child_process";
import { launcher, type Machine } from "./network/lab.ts";

/** Options of setpriv that run a process as `nobody`. */
export const NOBODY = ["--reuid=65534", "--regid=65534", "--clear-groups"];

/** Returns a machine that runs commands through setpriv. */
export function by(machine: Machine, options: readonly string[]): Machine {
  const through = (command: string, args: readonly string[]) => [...options, "--", command, ...args];
  return {
    exec: (command, args = [], rest) => machine.exec("setpriv", through(command, args), rest),
    spawn: (command, args = [], rest) => machine.spawn("setpriv", through(command, args), rest),
  };
}

/** Returns whether other users can't run this checkout, as below root's home. */
export function nobodyCanReadThis(): boolean {
  try {
    const command = [...NOBODY, launcher.command, ...launcher.args, "--version"];
    execFileSync("setpriv", command, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
