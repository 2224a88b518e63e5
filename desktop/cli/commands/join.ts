import { hostname } from "node:os";
import { Command } from "commander";
import type { JoinOptions } from "../run-join.ts";

/** `laneway join` */
export function joinCommand(): Command {
  return new Command("join")
    .description("enrol this device with an invite")
    .argument("<link>", "the invite: https://RELAY/join#… or laneway://RELAY/join#…")
    .option("--name <text>", "what this device is to be called", hostname())
    .option("--state <dir>", "where this device keeps what it is known by (or LANEWAY_STATE)")
    .option("--json", "print JSON, one object per line")
    .action(async (link: string, options: JoinOptions) => {
      // Only now: the other commands need none of it, and start sooner.
      const { runJoin } = await import("../run-join.ts");
      await runJoin(link, options);
    });
}
