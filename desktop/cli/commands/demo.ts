import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { untilSignalled } from "../signals.ts";

/** `laneway demo` */
export function demoCommand(): Command {
  return new Command("demo")
    .description("show it all on this machine: a relay, hosts behind NATs, a ping and a transfer")
    .option("--keep", "leave it up, and say what to play with")
    .action(async ({ keep }: { readonly keep?: boolean }) => {
      // Loaded only here, so that other commands start sooner.
      const { runDemo } = await import("../../demo/demo.ts");
      const launcher = {
        command: process.execPath,
        args: [fileURLToPath(new URL("../../../bin/laneway.js", import.meta.url))],
      };
      process.exitCode = await runDemo({
        keep: keep === true,
        signal: untilSignalled(),
        output: process.stdout,
        launcher,
      });
    });
}
