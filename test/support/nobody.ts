// Other users than the one that runs the tests.
import { execFileSync } from "node:child_process";
import { launcher, type Machine } from "./network/lab.ts";

/** Options of setpriv that make a process nobody's. */
export const NOBODY = ["--reuid=65534", "--regid=65534", "--clear-groups"];

/** A machine, by way of setpriv. */
export function by(machine: Machine, options: readonly string[]): Machine {
  const through = (command: string, args: readonly string[]) => [...options, "--", command, ...args];
  return {
    exec: (command, args = [], rest) => machine.exec("setpriv", through(command, args), rest),
    spawn: (command, args = [], rest) => machine.spawn("setpriv", through(command, args), rest),
  };
}

/** A checkout below root's home is nobody else's to run. */
export function nobodyCanReadThis(): boolean {
  try {
    const command = [...NOBODY, launcher.command, ...launcher.args, "--version"];
    execFileSync("setpriv", command, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
