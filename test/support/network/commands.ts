// The command's output, as a person and as a program read it.
import { expect } from "vitest";
import { type JsonProcess, laneway, type TestRelay } from "./lab.ts";

/** Returns functions that run administration commands on a relay and check what every answer has in common. */
export function commandsOf(relay: () => TestRelay) {
  return {
    /** Runs a command as a person does; resolves to what it prints. */
    async human(...args: string[]): Promise<string> {
      const { url, adminTokenFile } = relay();
      const result = await laneway([...args, "--relay", url, "--admin-token-file", adminTokenFile]);
      expect(result).toMatchObject({ code: 0, stderr: "" });
      return result.stdout;
    },

    /** Resolves to the objects that a command prints with `--json`, one to a line and nothing else. */
    async objects(...args: string[]): Promise<object[]> {
      const result = await relay().admin(...args);
      expect(result).toMatchObject({ code: 0, stderr: "" });
      for (const object of result.objects) expect(object).not.toHaveProperty("text");
      return result.objects;
    },
  };
}

/** Expects one line of what went wrong, with the value that did, and one line of what to do. */
export function expectErrorLines(stderr: string, says: string, advises = ""): void {
  const [first, second, ...more] = stderr.replace(/\n$/, "").split("\n");
  expect(first, stderr).toMatch(/^laneway: \S/);
  expect(first).toContain(says);
  expect(second, stderr).toMatch(/\w/);
  expect(second).toContain(advises);
  expect(more).toEqual([]);
  expect(stderr.endsWith("\n")).toBe(true);
}

/** Returns the events, each as often as it differs from the one before: there is one for every attempt. */
export function changes({ lines }: JsonProcess): (string | undefined)[] {
  const events = lines.map(({ event }) => event);
  return events.filter((event, i) => event !== events[i - 1]);
}
