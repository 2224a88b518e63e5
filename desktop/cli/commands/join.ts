import { hostname } from "node:os";
import { Command } from "commander";
import { reachOptions } from "../up/relay-url.ts";
import type { JoinOptions } from "./run-join.ts";

/** `laneway join` */
export function joinCommand(): Command {
  return reachOptions(new Command("join"))
    .description("enrol this device with an invite")
    .argument(
      "[link]",
      "the invite: https://RELAY/join#… or laneway://RELAY/join#…; '-' reads it from standard input (default: LANEWAY_INVITE, which keeps it out of process lists)",
    )
    .option("--name <text>", "a name for this device", hostname())
    .option("--state <dir>", "the state directory of this device's identity (or LANEWAY_STATE)")
    .option("--json", "print JSON, one object per line")
    .action(async (link: string | undefined, options: JoinOptions) => {
      // Loaded only here, so that other commands start sooner.
      const [{ inviteLink }, { runJoin }] = await Promise.all([
        import("./administration/invite-source.ts"),
        import("./run-join.ts"),
      ]);
      await runJoin(await inviteLink(link), options);
    });
}
