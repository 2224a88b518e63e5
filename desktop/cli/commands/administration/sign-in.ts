import { Command } from "commander";
import { Output } from "../../print/output.ts";
import { type AdminOptions, adminClient, adminOptions } from "./admin-options.ts";

/** `laneway sign-in` */
export function signInCommand(): Command {
  return adminOptions(new Command("sign-in"))
    .description("make a link that opens a relay's page, signed in, once")
    .action(async (options: AdminOptions) => {
      const made = await adminClient(options).create("/v1/sign-ins", {}, {});
      const output = new Output(options.json);
      output.object(made);
      output.note("Open it in a browser within an hour. It works once, and until the relay restarts.");
    });
}
