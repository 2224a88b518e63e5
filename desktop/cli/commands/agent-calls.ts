import { Command } from "commander";
import type { AgentCommandOptions, PlaceOptions } from "./run-agent-commands.ts";

/** `laneway status|peers|down|leave`: calls of the agent. */
export function agentCallCommands(): Command[] {
  const commands = () => import("./run-agent-commands.ts");
  return [
    new Command("status")
      .description("show this machine's networks, as the agent has them")
      .option("--json", "print JSON, one object per line")
      .action(async (options: AgentCommandOptions) => (await commands()).runStatus(options)),
    ofPlace(new Command("peers"))
      .description("show who else is on a network: addresses, and how far away")
      .argument("[network]", "its name (default: all that are up)")
      .action(async (name: string | undefined, options: PlaceOptions) =>
        (await commands()).runPeers(name, options),
      ),
    ofPlace(new Command("down"))
      .description("take a network down, until it is brought up again")
      .argument("[network]", "its name (default: all that are up)")
      .action(async (name: string | undefined, options: PlaceOptions) =>
        (await commands()).runDown(name, options),
      ),
    ofPlace(new Command("leave"))
      .description("take a network down and forget it, with this device's key where it opens nothing else")
      .argument("<network>", "its name")
      .action(async (name: string, options: PlaceOptions) => (await commands()).runLeave(name, options)),
  ];
}

function ofPlace(command: Command): Command {
  return command
    .option("--tenant <name>", "the tenant, where several have a network of this name")
    .option("--relay <url>", "the relay, where several have a network of this name")
    .option("--json", "print JSON, one object per line");
}
