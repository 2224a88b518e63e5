/**
 * The relay under Deno: `deno run --allow-all relay/deno.ts [options of laneway relay]`.
 *
 * It serves through Deno's node:http and `ws`, as under Node. Deno.upgradeWebSocket has no limit for messages. It also
 * cuts a connection with data in flight when the relay closes it, so the close code is lost.
 */
import process from "node:process";
import { explainCommand, throwing } from "../system/command.ts";
import { runRelay } from "./main.ts";
import { serve } from "./node.ts";
import { relayCommand } from "./options.ts";

try {
  const relay = relayCommand().action((given: Record<string, unknown>) => runRelay(given, serve));
  await throwing(relay).parseAsync(process.argv);
  process.exit();
} catch (error) {
  const { text, exitCode } = explainCommand(error);
  process.stderr.write(text);
  process.exit(exitCode);
}
