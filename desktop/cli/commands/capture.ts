import { Command } from "commander";
import { usage } from "../../../shared/values/fault.ts";
import { adminOptions, tenantOption } from "./administration/admin-options.ts";
import type { CaptureOptions } from "./run-capture.ts";

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
    .action(async (options: CaptureOptions) => {
      // Loaded only here, so that other commands start sooner.
      const { runCapture } = await import("./run-capture.ts");
      await runCapture(options);
    });
}

function seconds(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw usage(
    "usage.number",
    `'${text}' is not a number for --seconds`,
    "Write a whole number, 1 to 999999.",
  );
}
