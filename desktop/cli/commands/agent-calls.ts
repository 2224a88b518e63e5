import { Command } from "commander";
import type { AgentCommandOptions, PlaceOptions } from "./run-agent-commands.ts";

/** `laneway status|peers|down|leave`: calls of the agent. */
export function agentCallCommands(): Command[] {
  const commands = () => import("./run-agent-commands.ts");
  return [
    new Command("status")
      .description("show this machine's networks in the agent")
      .option("--json", "print JSON, one object per line")
      .action(async (options: AgentCommandOptions) => (await commands()).runStatus(options)),
    ofPlace(new Command("peers"))
      .description("list the members of a network: addresses and latency")
      .argument("[network]", "its name (default: all that are up)")
      .action(async (name: string | undefined, options: PlaceOptions) =>
        (await commands()).runPeers(name, options),
      ),
    ofPlace(new Command("down"))
      .description("take a network down and keep it down")
      .argument("[network]", "its name (default: all that are up)")
      .action(async (name: string | undefined, options: PlaceOptions) =>
        (await commands()).runDown(name, options),
      ),
    ofPlace(new Command("leave"))
      .description("take a network down and forget it, and this device's key with its last network")
      .argument("<network>", "its name")
      .action(async (name: string, options: PlaceOptions) => (await commands()).runLeave(name, options)),
  ];
}

function ofPlace(command: Command): Command {
  return command
    .option("--tenant <name>", "the tenant, if several have a network of this name")
    .option("--relay <url>", "the relay, if several have a network of this name")
    .option("--json", "print JSON, one object per line");
}
