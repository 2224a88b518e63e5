import { Command } from "commander";
import { throwing } from "../../system/command.ts";
import { addressCommand } from "./commands/address.ts";
import { adminCommand } from "./commands/admin.ts";
import { agentCommand } from "./commands/agent.ts";
import { agentCallCommands } from "./commands/agent-calls.ts";
import { auditCommand } from "./commands/audit.ts";
import { backupCommand } from "./commands/backup.ts";
import { captureCommand } from "./commands/capture.ts";
import { completionCommand } from "./commands/completion.ts";
import { demoCommand } from "./commands/demo.ts";
import { deviceCommand } from "./commands/device.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { inviteCommand } from "./commands/invite.ts";
import { joinCommand } from "./commands/join.ts";
import { limitsCommand } from "./commands/limits.ts";
import { liveCommands } from "./commands/live.ts";
import { networkCommand } from "./commands/network.ts";
import { portCommand } from "./commands/port.ts";
import { serviceCommand } from "./commands/service.ts";
import { tenantCommand } from "./commands/tenant.ts";
import { tokenCommand } from "./commands/token.ts";
import { upCommand } from "./commands/up.ts";
import { ownVersion } from "./version.ts";

/**
 * The whole command line.
 *
 * @param others commands that live elsewhere, listed first
 */
export function program(others: readonly Command[]): Command {
  const laneway = new Command("laneway")
    .description("A real layer-2 segment between machines behind any NAT.")
    .version(ownVersion());
  const commands = [
    ...others,
    joinCommand(),
    upCommand(),
    ...agentCallCommands(),
    agentCommand(),
    serviceCommand(),
    doctorCommand(),
    tenantCommand(),
    networkCommand(),
    portCommand(),
    inviteCommand(),
    deviceCommand(),
    addressCommand(),
    tokenCommand(),
    adminCommand(),
    limitsCommand(),
    ...liveCommands(),
    captureCommand(),
    auditCommand(),
    backupCommand(),
    demoCommand(),
    completionCommand(),
  ];
  for (const command of commands) laneway.addCommand(command);
  throwing(laneway);
  return laneway;
}
