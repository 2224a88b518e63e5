import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { Fault } from "../../../shared/values/fault.ts";
import { unitText } from "../../agent/service/unit.ts";
import { RpcClient } from "../../rpc/client.ts";
import { Output } from "../print/output.ts";
import { readProxy } from "../up/relay-url.ts";
import { ownVersion } from "../version.ts";
import { installService, ownCommand, serviceStatus, uninstallService } from "./service-manager.ts";

/** The service's socket, regardless of LANEWAY_SOCKET. */
const SOCKET = "/run/laneway/agent.sock";
/** How long the service may take to listen: attempts, and milliseconds between them. */
const ATTEMPTS = 40;
const PAUSE_MS = 250;

interface Options {
  readonly json?: boolean;
}

/** `laneway service install|uninstall|status` */
export function serviceCommand(): Command {
  const service = new Command("service").description("run the agent under systemd");
  const add = (name: string, description: string) =>
    service.command(name).description(description).option("--json", "print JSON, one object per line");

  add("install", "install the agent as a service, and start it")
    .option("--dry-run", "print the unit without installing it")
    .option("--proxy <url|none>", "the HTTP proxy to all relays, stored by the agent", readProxy)
    .action(
      async ({ json, dryRun, proxy }: Options & { readonly dryRun?: boolean; readonly proxy?: string }) => {
        if (dryRun === true) {
          process.stdout.write(unitText(ownCommand()));
          return;
        }
        installService(ownCommand());
        await listening(proxy);
        const output = new Output(json);
        output.event({ event: "installed", ...serviceStatus() }, "the agent is installed and running");
        output.note("let a user change networks with: usermod -aG laneway USER");
      },
    );
  add("uninstall", "stop the agent's service and remove it").action(({ json }: Options) => {
    uninstallService();
    const output = new Output(json);
    output.event({ event: "uninstalled" }, "the agent's service is removed");
    output.note("its state stays in /var/lib/laneway");
  });
  add("status", "show how the service stands").action(({ json }: Options) => {
    new Output(json).object({ ...serviceStatus() });
  });
  return service;
}

/** @param proxy set in the agent once it runs */
async function listening(proxy: string | undefined): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const agent = await RpcClient.connect({ socket: SOCKET, client: `laneway-cli/${ownVersion()}` });
      if (proxy !== undefined) await agent.call("settings.set", { proxy });
      return agent.close();
    } catch (cause) {
      if (attempt === ATTEMPTS) {
        throw new Fault({
          code: "service.failed",
          message: `the service is installed, but does not answer: ${cause instanceof Error ? cause.message : cause}`,
          hint: "See 'journalctl -u laneway'.",
          cause,
        });
      }
      await sleep(PAUSE_MS);
    }
  }
}
