import { Command } from "commander";
import { Fault } from "../../../../shared/values/fault.ts";
import { writePrivate } from "../../../../system/private-file.ts";
import { Output } from "../../print/output.ts";
import { untilSignalled } from "../../signals.ts";
import { type AdminOptions, adminClient, adminOptions } from "./admin-options.ts";

/** Returns `laneway backup`. */
export function backupCommand(): Command {
  return adminOptions(
    new Command("backup")
      .description("write all that a relay keeps, but its administrator's token, to a file")
      .argument("<file>", "where to; 'laneway restore' puts it back"),
  ).action(async (file: string, options: AdminOptions) => {
    const client = adminClient(options);
    const stream = await client.stream("/v1/backup", {}, {}, "application/vnd.sqlite3", untilSignalled());
    const bytes = await new Response(stream).bytes().catch((cause: unknown) => {
      throw new Fault({
        code: "backup.cut",
        message: "the connection was cut before the backup was whole",
        hint: "Nothing was written. Try again.",
        cause,
      });
    });
    write(file, bytes);
    const event = { event: "backed-up", file, bytes: bytes.length };
    new Output(options.json).event(event, `backed up to '${file}' (${bytes.length} bytes)`);
  });
}

/** @throws Fault `backup.unwritable`, which keeps an existing backup unchanged */
function write(file: string, bytes: Uint8Array): void {
  try {
    writePrivate(file, bytes);
  } catch (cause) {
    throw new Fault({
      code: "backup.unwritable",
      message: `can't write '${file}': ${cause instanceof Error ? cause.message : cause}`,
      hint: "Name a file in a directory that you may write to.",
      cause,
    });
  }
}
