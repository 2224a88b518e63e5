import { Command, Option } from "commander";
import { reachOptions } from "../up/relay-url.ts";
import type { RunDoctorOptions } from "./run-doctor.ts";

/** `laneway doctor` */
export function doctorCommand(): Command {
  return reachOptions(new Command("doctor"))
    .description("check a network step by step, and print how to fix what fails")
    .argument("[network]", "its name (default: the one that needs it most)")
    .addOption(new Option("--relay <url>", "the relay").env("LANEWAY_RELAY"))
    .addOption(
      new Option("--token <token>", "an access token (the environment keeps it out of process lists)").env(
        "LANEWAY_TOKEN",
      ),
    )
    .option("--tenant <name>", "the tenant, if this device is enrolled with several")
    .option("--state <dir>", "the state directory of this device's identity (or LANEWAY_STATE)")
    .option("--json", "print JSON, one object per line")
    .addHelpText("after", "\nExits with 0 if nothing failed, and with 1 otherwise.")
    .action(async (network: string | undefined, options: RunDoctorOptions) => {
      // Loaded only here, so that other commands start sooner.
      const { runDoctor } = await import("./run-doctor.ts");
      await runDoctor(network, options);
    });
}
