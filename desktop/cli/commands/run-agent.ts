import { resolve } from "node:path";
import { defaultStateDirectory } from "../../agent/identity/identity.ts";
import { runAgent } from "../../agent/run-agent.ts";
import { AgentLog } from "../../agent/service/log.ts";
import { defaultSocket } from "../../rpc/socket-path.ts";
import { Output } from "../print/output.ts";
import { untilSignalled } from "../signals.ts";
import { ownVersion } from "../version.ts";

/** Runs the agent in the foreground, and logs to standard error. */
export async function runAgentCommand({ json }: { readonly json?: boolean }): Promise<void> {
  const log = new AgentLog("info");
  log.follow(({ level, code, message }) => process.stderr.write(`${level} ${code}: ${message}\n`));
  const socket = resolve(defaultSocket());
  const stateDirectory = resolve(defaultStateDirectory());
  await runAgent({
    stateDirectory,
    socket,
    version: ownVersion(),
    log,
    signal: untilSignalled(),
    listening: () =>
      new Output(json).event(
        { event: "listening", socket, state: stateDirectory },
        `the agent listens at ${socket}`,
      ),
  });
}
