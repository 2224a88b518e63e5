import { Command } from "commander";
import { Output } from "../../print/output.ts";
import { type AdminOptions, adminClient, adminOptions, tenantOption } from "./admin-options.ts";

type NetworkOptions = AdminOptions & { readonly network: string };

const PATH = "/v1/tenants/{tenant}/networks/{network}/addresses";

/** Returns `laneway address list|fix|reserve|release`. */
export function addressCommand(): Command {
  const address = new Command("address").description(
    "administer the addresses that a network gives its devices",
  );
  const add = (usage: string, description: string) =>
    adminOptions(tenantOption(address.command(usage).description(description))).option(
      "--network <name>",
      "the network",
      "lan",
    );

  add("list", "list the addresses that are taken").action(async (options: NetworkOptions) => {
    const rows = await adminClient(options).list(PATH, options);
    new Output(options.json).list(rows, COLUMNS);
  });
  add("fix <address>", "have a device keep an address of your choice, from its next session on")
    .requiredOption("--device <id>", "the device; see 'laneway device list'")
    .action(async (text: string, options: NetworkOptions & { readonly device: string }) => {
      const request = { address: text, device: options.device };
      new Output(options.json).object(await adminClient(options).create(PATH, options, request));
    });
  add("reserve <address>", "keep an address free, for what the relay does not know").action(
    async (text: string, options: NetworkOptions) => {
      const request = { address: text };
      new Output(options.json).object(await adminClient(options).create(PATH, options, request));
    },
  );
  add("release <address>", "let go of an address that was reserved, fixed or given").action(
    async (text: string, options: NetworkOptions) => {
      await adminClient(options).delete(`${PATH}/{address}`, { ...options, address: text });
      new Output(options.json).note(`address ${text} is free`);
    },
  );
  return address;
}

const COLUMNS = ["address", "address6", "kind", "device", "mac"];
