// npm run fuzz: hostile packets for every parser of an underlay, a network or a session. fuzz.test.ts is the short
// version.
import { parseArgs } from "node:util";
import { untilSignalled } from "../../desktop/cli/signals.ts";
import { Fault, usage } from "../../shared/values/fault.ts";
import { campaign } from "./campaign.ts";
import { TARGETS } from "./targets.ts";

const HELP = `npm run fuzz -- [TARGET…] [OPTION…]

Targets: ${TARGETS.map(({ name }) => name).join(", ")}; all unless some are named.

  --packets N    for each target (10000000)
  --seed N       begins with this, to have the same packets again (a new one each time)
`;

const PACKETS = 10_000_000;

function whole(text: string, option: string): number {
  if (/^[1-9]\d{0,11}$/.test(text)) return Number(text);
  throw usage("usage.fuzz", `'${text}' is no number for ${option}`, "Write a whole number from 1 on.");
}

function options() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        packets: { type: "string", default: String(PACKETS) },
        seed: { type: "string", default: String(1 + Math.floor(Math.random() * 2 ** 32)) },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw usage("usage.fuzz", message, "'npm run fuzz -- --help' shows what there is.");
  }
}

async function fuzz(signal: AbortSignal): Promise<void> {
  const { values, positionals } = options();
  if (values.help) return void process.stdout.write(HELP);
  const packets = whole(values.packets, "--packets");
  const seed = whole(values.seed, "--seed");
  const chosen = positionals.map((name) => {
    const target = TARGETS.find((one) => one.name === name);
    if (target !== undefined) return target;
    throw usage(
      "usage.fuzz",
      `there is no target '${name}'`,
      "'npm run fuzz -- --help' shows what there is.",
    );
  });
  process.stdout.write(`seed ${seed}\n`);
  for (const target of chosen.length > 0 ? chosen : TARGETS) {
    const { seconds, growth } = await campaign(target, { packets, seed, signal });
    const [rate, size] = [Math.round(packets / seconds / 1_000), Math.round(growth / 1_024)];
    process.stdout.write(
      `${target.name.padEnd(12)} ${packets} packets in ${seconds.toFixed(1)} s (${rate} k/s), memory ${size} KiB\n`,
    );
  }
}

const signal = untilSignalled();
try {
  await fuzz(signal);
} catch (error) {
  if (signal.aborted) process.exitCode = 130;
  else if (!(error instanceof Fault)) throw error;
  else {
    process.stderr.write(`fuzz: ${error.message}\n${error.hint}\n`);
    process.exitCode = error.exitCode;
  }
}
