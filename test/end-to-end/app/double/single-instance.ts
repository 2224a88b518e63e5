import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Takes the lock of an app's only process, by its user data folder. A second process leaves its arguments there and
 * wakes the first. Synchronous, as in Electron.
 *
 * @returns whether this is the first process
 */
export function requestLock(folder: string, others: (argv: string[]) => void): boolean {
  const lock = join(folder, "lock");
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
  } catch {
    const owner = Number(readFileSync(lock, "utf8"));
    if (isAlive(owner)) {
      leave(folder, owner);
      return false;
    }
    writeFileSync(lock, String(process.pid));
  }
  process.on("SIGUSR2", () => {
    for (const argv of collect(folder)) others(argv);
  });
  process.on("exit", () => rmSync(lock, { force: true }));
  return true;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function leave(folder: string, owner: number): void {
  const file = join(folder, `second-${process.pid}`);
  writeFileSync(`${file}.draft`, JSON.stringify(process.argv));
  renameSync(`${file}.draft`, `${file}.json`);
  process.kill(owner, "SIGUSR2");
}

function collect(folder: string): string[][] {
  const files = readdirSync(folder).filter((name) => /^second-\d+\.json$/.test(name));
  return files.map((name) => {
    const argv = JSON.parse(readFileSync(join(folder, name), "utf8")) as string[];
    rmSync(join(folder, name));
    return argv;
  });
}
