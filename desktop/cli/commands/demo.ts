import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { untilSignalled } from "../signals.ts";

/** `laneway demo` */
export function demoCommand(): Command {
  return new Command("demo")
    .description("run a demo on this machine: a relay, hosts behind NATs, a ping and a transfer")
    .option("--keep", "keep it running afterwards, and print what to try")
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
