import { Command } from "commander";

/** `laneway agent` */
export function agentCommand(): Command {
  return new Command("agent")
    .description(
      "run the agent, which keeps this machine on its networks for 'laneway up' and the desktop app",
    )
    .option("--json", "print JSON, one object per line")
    .addHelpText(
      "after",
      "\nLANEWAY_STATE names the directory it keeps its state in, LANEWAY_SOCKET the unix socket it listens at.",
    )
    .action(async (options: { readonly json?: boolean }) => {
      // Loaded only here, so that other commands start sooner.
      const { runAgentCommand } = await import("./run-agent.ts");
      await runAgentCommand(options);
    });
}
