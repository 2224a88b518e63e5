import { Command, Option } from "commander";
import { defaultData } from "./options.ts";

/** Returns `laneway restore`, which changes the data directory directly while no relay uses it. */
export function restoreCommand(): Command {
  return new Command("restore")
    .description("put a backup in the place of a relay's data, while no relay uses it")
    .argument("<file>", "what 'laneway backup' wrote")
    .addOption(new Option("--data <dir>", "the relay's data directory").env("LANEWAY_DATA"))
    .option("--json", "print JSON")
    .action(async (file: string, { data = defaultData(), json }: { data?: string; json?: boolean }) => {
      process.umask(0o077);
      // Loaded late because the other commands need no database.
      const { restore } = await import("./store/backup.ts");
      const kept = restore(file, data) ?? null;
      process.stdout.write(
        json === true
          ? `${JSON.stringify({ event: "restored", data, kept })}\n`
          : `Restored '${file}' into ${data}.${kept === null ? "" : ` What was there before is in ${kept}.`}\n`,
      );
    });
}
