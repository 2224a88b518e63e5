// npm run attack: one tenant and strangers attack, and two bystander tenants must notice nothing. attack.test.ts is the
// short version.
import { untilSignalled } from "../../desktop/cli/signals.ts";
import { Fault } from "../../shared/values/fault.ts";
import { campaign } from "./campaign.ts";
import { attackOptions, HELP } from "./options.ts";
import { findings, report } from "./report.ts";

const signal = untilSignalled();
try {
  const options = attackOptions(process.argv.slice(2));
  if (options === undefined) process.stdout.write(HELP);
  else {
    process.stderr.write(`seed ${options.seed}\n`);
    const results = await campaign(options, signal, (line) => process.stderr.write(`${line}\n`));
    const found = findings(results, options.bounds);
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ ...results, findings: found }, undefined, 2)}\n`
        : report(results, found),
    );
    process.exitCode = found.length === 0 ? 0 : 1;
  }
} catch (error) {
  if (signal.aborted) process.exitCode = 130;
  else if (!(error instanceof Fault)) throw error;
  else {
    process.stderr.write(`attack: ${error.message}\n${error.hint}\n`);
    process.exitCode = error.exitCode;
  }
}
