import { Command, Option } from "commander";
import { parseCidr } from "../../../shared/frame/cidr.ts";
import { isUsableSource, parseMac } from "../../../shared/frame/mac.ts";
import { usage } from "../../../shared/values/fault.ts";
import { framingOption } from "../../../system/websocket/framing.ts";
import { parseQemuAddress, type QemuAddress } from "../../agent/qemu/address.ts";
import type { UpOptions } from "../up/options.ts";
import { reachOptions } from "../up/relay-url.ts";
import { parseTrunk } from "../up/trunk-option.ts";

/** `laneway up` */
export function upCommand(): Command {
  return reachOptions(new Command("up"))
    .description("bring networks up on this machine: by the agent, or in the foreground without one")
    .argument(
      "[network...]",
      "names of networks (default: all that this device is enrolled for, or the token opens)",
    )
    .addOption(new Option("--relay <url>", "the relay").env("LANEWAY_RELAY"))
    .addOption(
      new Option("--token <token>", "an access token (the environment keeps it out of process lists)").env(
        "LANEWAY_TOKEN",
      ),
    )
    .option("--tenant <name>", "the tenant, if this device is enrolled with several")
    .option("--state <dir>", "the state directory of this device's identity (or LANEWAY_STATE)")
    .option("--tap <name>", "the interface's name (default: the first free lw0, lw1, …)")
    .option("--address <cidr|none>", "the interface's address, like 10.20.0.7/24", address)
    .option("--mac <mac>", "the interface's MAC address (default: this device's own on the network)", mac)
    .option(
      "--trunk <id=network,...>",
      "one interface with VLANs on it, each of them a network; untagged=network for frames without a tag",
      parseTrunk,
    )
    .option(
      "--qemu <host:port|unix:path>",
      "let virtual machines join here (QEMU's -netdev stream), again for more; without --tap or --address they alone do",
      qemu,
    )
    .option(
      "--allow-overlap",
      "take the network's addresses also where this machine has an address, a route or a DNS server in them",
    )
    .option("--no-allow-overlap", "undo --allow-overlap, which the agent stores for a network")
    .option("--no-offload", "carry frames one by one, without segmentation offload")
    .addOption(framingOption())
    .option("--foreground", "run in this process, even if an agent runs")
    .option("--json", "print events as JSON lines")
    .action(async (networks: string[], options: UpOptions) => {
      // Loaded only here, so that other commands start sooner.
      const { runUp } = await import("../up/run-up.ts");
      await runUp(networks, options);
    });
}

function qemu(text: string, others: readonly QemuAddress[] = []): readonly QemuAddress[] {
  return [...others, parseQemuAddress(text)];
}

function address(text: string): string {
  if (text === "none" || parseCidr(text) !== undefined) return text;
  throw usage(
    "usage.cidr",
    `'${text}' is not a CIDR`,
    "Write an address and a prefix length, like 10.20.0.7/24, or none.",
  );
}

function mac(text: string): number {
  const value = parseMac(text);
  if (value !== undefined && isUsableSource(value)) return value;
  throw usage(
    "usage.mac",
    `'${text}' is not the MAC address of a machine`,
    "Write it as 02:00:00:00:00:01; its first byte has to be even.",
  );
}
