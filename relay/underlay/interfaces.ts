/** This machine's network interfaces, by name. */
import { networkInterfaces } from "node:os";
import { Fault } from "../../shared/values/fault.ts";

/**
 * Returns an interface in the form that node:dgram expects when joining a group: its IPv4 address, or `::%name`.
 *
 * @throws Fault `port.interface` if no interface has that name, or it has no IPv4 address
 */
export function interfaceAddress(name: string, isIpv6: boolean): string {
  const addresses = networkInterfaces()[name];
  if (addresses === undefined) {
    throw new Fault({
      code: "port.interface",
      message: `this machine has no interface '${name}' with an address`,
      hint: `It has ${Object.keys(networkInterfaces()).join(", ") || "none"}: name one of these with --interface.`,
    });
  }
  if (isIpv6) return `::%${name}`;
  const found = addresses.find(({ family }) => family === "IPv4");
  if (found !== undefined) return found.address;
  throw new Fault({
    code: "port.interface",
    message: `the interface '${name}' has no IPv4 address`,
    hint: "Give it one, or use a group of IPv6.",
  });
}
