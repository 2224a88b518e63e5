import { BlockReader } from "../../../shared/capture/block-reader.ts";
import { Fault, usage } from "../../../shared/values/fault.ts";
import { plainText } from "../../../shared/values/plain-text.ts";
import { CaptureOutput } from "../print/capture-output.ts";
import { Output } from "../print/output.ts";
import { untilSignalled } from "../signals.ts";
import { type AdminOptions, adminClient } from "./administration/admin-options.ts";

/** Options of `laneway capture`. */
export interface CaptureOptions extends AdminOptions {
  readonly network: string;
  readonly vtep?: string;
  readonly drops?: boolean;
  readonly output?: string;
  readonly seconds?: number;
}

/** Seconds by which a capture may end early by this clock, because two clocks never agree. */
const TOLERANCE_SECONDS = 1;

/** Why a capture ended: a signal, the reader is gone, the relay ended it, or the connection was cut. */
type Ending = "signalled" | "unread" | "ended" | "cut";

/**
 * Writes a network's frames to a file or standard output as they pass, until the time is up or a signal ends the
 * process. Only whole blocks are written, so that the file is always readable.
 *
 * @throws Fault if it could not start, or ended too early
 */
export async function runCapture(options: CaptureOptions): Promise<void> {
  const { network, tenant, vtep, drops, seconds } = options;
  const client = adminClient(options);
  if (options.output === undefined && process.stdout.isTTY) {
    throw usage(
      "usage.output",
      "a capture is binary, and standard output is a terminal",
      "Name a file with -o FILE, or pipe it: laneway capture … | wireshark -k -i -",
    );
  }
  const file = options.output ?? "-";
  const say = sayer(options, file);
  const signal = untilSignalled();
  const startedAt = performance.now();
  const query = {
    ...(vtep === undefined ? {} : { vtep }),
    ...(drops === true ? { drops: "true" } : {}),
    ...(seconds === undefined ? {} : { seconds: String(seconds) }),
  };
  const path = ["tenants", tenant, "networks", network, "capture"];
  let stream: ReadableStream<Uint8Array>;
  try {
    stream = await client.stream(path, query, "application/x-pcapng", signal);
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
    lost === 0 ? words : `${words}; ${lost} more were lost, because this end was too slow`,
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

/** Reports on the capture without mixing with it: on standard output only with `--json` and a file. */
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
    hint: `${plural(frames, "frame")} went to ${output.name}, which is readable; start the capture again for more.`,
  });
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
