import { Command, Option } from "commander";
import { reachOptions } from "../up/relay-url.ts";
import type { RunDoctorOptions } from "./run-doctor.ts";

/** `laneway doctor` */
export function doctorCommand(): Command {
  return reachOptions(new Command("doctor"))
    .description("check step by step what a network needs, and say what to do about what fails")
    .argument("[network]", "its name (default: the one that needs it most)")
    .addOption(new Option("--relay <url>", "the relay").env("LANEWAY_RELAY"))
    .addOption(
      new Option("--token <token>", "an access token (the environment keeps it out of process lists)").env(
        "LANEWAY_TOKEN",
      ),
    )
    .option("--tenant <name>", "the tenant, where this device is enrolled with several")
    .option("--state <dir>", "where this device keeps what it is known by (or LANEWAY_STATE)")
    .option("--json", "print JSON, one object per line")
    .addHelpText("after", "\nIt exits with 0 where nothing failed, and with 1 where something did.")
    .action(async (network: string | undefined, options: RunDoctorOptions) => {
      // Loaded only here, so that other commands start sooner.
      const { runDoctor } = await import("./run-doctor.ts");
      await runDoctor(network, options);
    });
}
