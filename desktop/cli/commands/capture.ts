import { Command } from "commander";
import type { CaptureQuery } from "../../../shared/api/resources/live.ts";
import { BlockReader } from "../../../shared/capture/block-reader.ts";
import { Fault, usage } from "../../../shared/values/fault.ts";
import { plainText } from "../../../shared/values/plain-text.ts";
import { CaptureOutput } from "../print/capture-output.ts";
import { Output } from "../print/output.ts";
import { untilSignalled } from "../signals.ts";
import {
  type AdminOptions,
  adminClient,
  adminOptions,
  tenantOption,
} from "./administration/admin-options.ts";

/** What `laneway capture` takes. */
interface CaptureOptions extends AdminOptions {
  readonly network: string;
  readonly vtep?: string;
  readonly drops?: boolean;
  readonly output?: string;
  readonly seconds?: number;
}

/** How much sooner than asked for a capture may end by our clock, as two clocks never agree, in seconds. */
const TOLERANCE_SECONDS = 1;

/** The reason for the end: a signal, a closed output, the relay, or a lost connection. */
type Ending = "signalled" | "unread" | "ended" | "cut";

/** `laneway capture` */
export function captureCommand(): Command {
  const description = "capture a network's frames as pcapng, live, for Wireshark or tshark";
  return adminOptions(tenantOption(new Command("capture").description(description)))
    .option("--network <name>", "the network", "lan")
    .option("--vtep <id>", "only frames at this VTEP's port")
    .option("--drops", "only dropped frames, with the reason as the frame's comment")
    .option("-o, --output <file>", "a file, or '-' for standard output (default: '-', if piped)")
    .option("--seconds <number>", "how long (default: until interrupted)", seconds)
    .addHelpText(
      "after",
      `
Live:  laneway capture | wireshark -k -i -

Each VTEP is two interfaces: inbound, from it to the hub, and outbound. Frames of machines with segmentation
offload are as they came: up to 64 KiB long, their TCP and UDP checksums unfinished.`,
    )
    .action(runCapture);
}

function seconds(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw usage(
    "usage.number",
    `'${text}' is not a number for --seconds`,
    "Write a whole number, 1 to 999999.",
  );
}

/**
 * Writes what passes in a network to a file or to standard output, as it passes, until the time is up or the
 * process is told to end. Only whole blocks are written, so that the file can be read however it ends.
 *
 * @throws Fault where it could not be begun, or ended sooner than it should have
 */
async function runCapture(options: CaptureOptions): Promise<void> {
  const { network, tenant, vtep, drops, seconds } = options;
  const client = adminClient(options);
  if (options.output === undefined && process.stdout.isTTY) {
    throw usage(
      "usage.output",
      "standard output is a terminal, and a capture is not to be read by people",
      "Name a file with -o FILE, or pipe it on: laneway capture … | wireshark -k -i -",
    );
  }
  const file = options.output ?? "-";
  const say = sayer(options, file);
  const signal = untilSignalled();
  const startedAt = performance.now();
  const path = "/v1/tenants/{tenant}/networks/{network}/capture";
  const query: CaptureQuery = { vtep, drops: drops ? "true" : undefined, seconds: seconds?.toString() };
  let stream: ReadableStream<Uint8Array>;
  try {
    stream = await client.stream(path, options, query, "application/x-pcapng", signal);
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  const output = CaptureOutput.open(file);
  say({ event: "capturing", network, tenant, file }, `capturing '${network}' to ${output.name}`);

  const blocks = new BlockReader();
  const ending = await copy(stream, blocks, output, signal);
  const elapsed = (performance.now() - startedAt) / 1_000;
  if (ending === "cut" || (ending === "ended" && elapsed + TOLERANCE_SECONDS < (seconds ?? Infinity))) {
    throw endedEarly(ending, elapsed, blocks, output);
  }
  const { frames, bytes, lost } = blocks;
  const words = `captured ${plural(frames, "frame")} in ${plural(bytes, "byte")}`;
  say(
    { event: "captured", network, tenant, file, frames, bytes, lost },
    lost === 0 ? words : `${words}; ${lost} more were lost, as this end was too slow for them`,
  );
}

async function copy(
  stream: ReadableStream<Uint8Array>,
  blocks: BlockReader,
  output: CaptureOutput,
  signal: AbortSignal,
): Promise<Ending> {
  try {
    for await (const chunk of stream) {
      const whole = blocks.read(chunk);
      if (whole === undefined) return "cut";
      if (whole.length > 0 && !(await output.write(whole))) return "unread";
    }
    return blocks.partial ? "cut" : "ended";
  } catch (error) {
    if (error instanceof Fault) throw error;
    return signal.aborted ? "signalled" : "cut";
  }
}

/** Tells of the capture where it does not get into it: on standard output only with `--json`, and beside a file. */
function sayer(
  { json }: AdminOptions,
  file: string,
): (event: Record<string, unknown>, words: string) => void {
  if (json === true && file !== "-") return (event, words) => new Output(true).event(event, words);
  return (_event, words) => process.stderr.write(`${plainText(words)}\n`);
}

function endedEarly(
  ending: "ended" | "cut",
  elapsed: number,
  { frames }: BlockReader,
  output: CaptureOutput,
): Fault {
  const after = plural(Math.round(elapsed), "second");
  return new Fault({
    code: "capture.ended-early",
    message:
      ending === "ended"
        ? `the relay ended the capture after ${after}: it stops or restarts, the network was deleted, or your token is good no more`
        : `the connection to the relay broke off after ${after}`,
    hint: `${plural(frames, "frame")} went to ${output.name}, which can be read; start it again for more.`,
  });
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
