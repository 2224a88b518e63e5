import { Command } from "commander";
import { throwing } from "../../system/command.ts";
import { addressCommand } from "./commands/administration/address.ts";
import { adminCommand } from "./commands/administration/admin.ts";
import { auditCommand } from "./commands/administration/audit.ts";
import { backupCommand } from "./commands/administration/backup.ts";
import { deviceCommand } from "./commands/administration/device.ts";
import { inviteCommand } from "./commands/administration/invite.ts";
import { limitsCommand } from "./commands/administration/limits.ts";
import { liveCommands } from "./commands/administration/live.ts";
import { networkCommand } from "./commands/administration/network.ts";
import { portCommand } from "./commands/administration/port.ts";
import { tenantCommand } from "./commands/administration/tenant.ts";
import { tokenCommand } from "./commands/administration/token.ts";
import { agentCommand } from "./commands/agent.ts";
import { agentCallCommands } from "./commands/agent-calls.ts";
import { captureCommand } from "./commands/capture.ts";
import { completionCommand } from "./commands/completion.ts";
import { demoCommand } from "./commands/demo.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { joinCommand } from "./commands/join.ts";
import { serviceCommand } from "./commands/service.ts";
import { upCommand } from "./commands/up.ts";
import { ownVersion } from "./version.ts";

/**
 * Returns the whole command line.
 *
 * @param others commands defined elsewhere, listed first
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
