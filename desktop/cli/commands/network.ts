import { Command, Option } from "commander";
import { usage } from "../../../shared/fault.ts";
import { parseCidr } from "../../../shared/frame/cidr.ts";
import { AdminClient, type AdminOptions, adminOptions, tenantOption } from "../admin-client.ts";
import { Output } from "../output.ts";

interface CreateOptions extends AdminOptions {
  readonly vni?: number;
  readonly subnet?: string;
  readonly addresses: boolean;
  readonly mtu?: number;
  readonly mode: string;
}

const COLUMNS = ["name", "tenant", "vni", "group", "mtu", "subnet", "mode"];

/** `laneway network create|list|show|delete` */
export function networkCommand(): Command {
  const network = new Command("network").description("administer networks, each a segment of its own");
  const add = (usage: string, description: string) =>
    adminOptions(tenantOption(network.command(usage).description(description)));

  add("create <name>", "make a network")
    .option(
      "--vni <number>",
      "its VXLAN network identifier, 1 to 16777215 (default: a free one)",
      wholeNumber("--vni"),
    )
    .option("--subnet <cidr>", "the IP subnet that it uses, like 10.20.0.0/24", cidr)
    .option("--no-addresses", "do not give the subnet's addresses to members")
    .option("--mtu <bytes>", "the MTU of its interfaces (default: 1500)", wholeNumber("--mtu"))
    .addOption(
      new Option("--mode <mode>", "switch keeps link-local control frames, wire passes everything")
        .choices(["switch", "wire"])
        .default("switch"),
    )
    .action(async (name: string, options: CreateOptions) => {
      const { vni, subnet, mtu, mode, tenant } = options;
      const request = { name, vni, subnet, mtu, mode, ...(options.addresses ? {} : { addresses: false }) };
      new Output(options.json).object(
        await AdminClient.from(options).create(request, "tenants", tenant, "networks"),
      );
    });
  add("list", "list a tenant's networks").action(async (options: AdminOptions) => {
    const rows = await AdminClient.from(options).list("tenants", options.tenant, "networks");
    new Output(options.json).list(rows, COLUMNS);
  });
  add("show <name>", "show a network").action(async (name: string, options: AdminOptions) => {
    new Output(options.json).object(
      await AdminClient.from(options).show("tenants", options.tenant, "networks", name),
    );
  });
  add("delete <name>", "delete a network with its tokens; its sessions end").action(
    async (name: string, options: AdminOptions) => {
      await AdminClient.from(options).delete("tenants", options.tenant, "networks", name);
      new Output(options.json).note(`network '${name}' is deleted`);
    },
  );
  return network;
}

function wholeNumber(option: string): (text: string) => number {
  return (text) => {
    if (!/^\d{1,9}$/.test(text))
      throw usage("usage.number", `'${text}' is not a number for ${option}`, "Write a whole number.");
    return Number(text);
  };
}

/** @throws Fault unless the text is a CIDR */
function cidr(text: string): string {
  if (parseCidr(text) !== undefined) return text;
  throw usage(
    "usage.cidr",
    `'${text}' is not a CIDR`,
    "Write an address and a prefix length, like 10.20.0.0/24.",
  );
}
