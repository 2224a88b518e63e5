import { Command, Option } from "commander";
import type { z } from "zod";
import { networkMode, vni } from "../../../../shared/api/resources/network.ts";
import { parseCidr } from "../../../../shared/frame/cidr.ts";
import {
  DEFAULT_SETTINGS,
  type NetworkSettings,
  type SettingsChange,
} from "../../../../shared/switch/settings.ts";
import { usage } from "../../../../shared/values/fault.ts";
import { Output } from "../../print/output.ts";
import {
  type AdminOptions,
  adminClient,
  adminOptions,
  rangeText,
  tenantOption,
  wholeNumber,
} from "./admin-options.ts";

interface CreateOptions extends AdminOptions {
  readonly vni?: number;
  readonly subnet?: string;
  readonly addresses: boolean;
  readonly group?: string;
  readonly mtu?: number;
  readonly mode: z.infer<typeof networkMode>;
  readonly set?: readonly string[];
}

const COLUMNS = ["name", "tenant", "vni", "group", "mtu", "subnet", "mode"];

const PATH = "/v1/tenants/{tenant}/networks";
const ONE = `${PATH}/{network}` as const;

/** Returns `laneway network create|list|show|delete`. */
export function networkCommand(): Command {
  const network = new Command("network").description("administer networks, each a segment of its own");
  const add = (usage: string, description: string) =>
    adminOptions(tenantOption(network.command(usage).description(description)));

  add("create <name>", "make a network")
    .option(
      "--vni <number>",
      `its VXLAN network identifier, ${rangeText(vni)} (default: a free one)`,
      wholeNumber("--vni"),
    )
    .option("--subnet <cidr>", "the IP subnet that it uses, like 10.20.0.0/24", cidr)
    .option("--no-addresses", "do not give the subnet's addresses to members")
    .option("--group <address>", "its multicast group (default: 239 and the VNI's three bytes)")
    .option("--mtu <bytes>", "the MTU of its interfaces (default: 1500)", wholeNumber("--mtu"))
    .addOption(
      new Option("--mode <mode>", "switch keeps link-local control frames, wire passes everything")
        .choices(networkMode.options)
        .default("switch"),
    )
    .option(
      "--set <setting...>",
      "settings that are not to be their defaults; see 'laneway network set --help'",
    )
    .action(async (name: string, options: CreateOptions) => {
      const settings = parseSettings(options.set ?? []);
      const { vni, subnet, group, mtu, mode } = options;
      const addresses = options.addresses ? undefined : false;
      const request = { name, vni, subnet, addresses, group, mtu, mode, settings };
      new Output(options.json).object(await adminClient(options).create(PATH, options, request));
    });
  add("list", "list a tenant's networks").action(async (options: AdminOptions) => {
    const rows = await adminClient(options).list(PATH, options);
    new Output(options.json).list(rows, COLUMNS);
  });
  add("show <name>", "show a network").action(async (name: string, options: AdminOptions) => {
    new Output(options.json).object(await adminClient(options).show(ONE, { ...options, network: name }));
  });
  add("set <name> <setting...>", "change a network's settings, like dhcp-guard=on storm-broadcast=500")
    .addHelpText("after", `\nSettings: ${Object.keys(DEFAULT_SETTINGS).map(dashed).join(", ")}`)
    .action(async (name: string, settings: string[], options: AdminOptions) => {
      const change = { settings: parseSettings(settings) };
      new Output(options.json).object(
        await adminClient(options).change(ONE, { ...options, network: name }, change),
      );
    });
  add("delete <name>", "delete a network with its tokens; its sessions end").action(
    async (name: string, options: AdminOptions) => {
      await adminClient(options).delete(ONE, { ...options, network: name });
      new Output(options.json).note(`network '${name}' is deleted`);
    },
  );
  return network;
}

/** Parses settings such as `dhcp-guard=on`; the relay checks the values. */
function parseSettings(texts: readonly string[]): SettingsChange {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf("=");
      const key = text.slice(0, at).replaceAll("-", "_");
      const value = text.slice(at + 1);
      if (at > 0 && key in DEFAULT_SETTINGS)
        return [key, typed(DEFAULT_SETTINGS[key as keyof NetworkSettings], value)];
      throw usage(
        "usage.setting",
        `'${text}' is not a setting`,
        `Write it as NAME=VALUE; there are ${Object.keys(DEFAULT_SETTINGS).map(dashed).join(", ")}.`,
      );
    }),
  );
}

/** Converts a value to the type of its default. */
function typed(like: string | number | boolean, text: string): string | number | boolean {
  if (typeof like === "number" && /^\d{1,9}$/.test(text)) return Number(text);
  if (typeof like === "boolean" && ["on", "true"].includes(text)) return true;
  if (typeof like === "boolean" && ["off", "false"].includes(text)) return false;
  return text;
}

function dashed(key: string): string {
  return key.replaceAll("_", "-");
}

/** @throws Fault if the text is no CIDR */
function cidr(text: string): string {
  if (parseCidr(text) !== undefined) return text;
  throw usage(
    "usage.cidr",
    `'${text}' is not a CIDR`,
    "Write an address and a prefix length, like 10.20.0.0/24.",
  );
}
