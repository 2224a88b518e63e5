/** Names and addresses of interfaces under test: they are the machine's, and other tests run beside. */
import koffi from "koffi";

const nameToIndex: (name: string) => number = koffi.load(null).func("if_nametoindex", "uint", ["str"]);

let names = 0;

/** An interface name that no other test uses: `prefix`, at most three letters, and what makes 15 bytes at most. */
export function uniqueName(prefix = "lt"): string {
  names++;
  return `${prefix}${process.pid.toString(36)}x${names.toString(36)}`;
}

/** The kernel's number for an interface, 0 where there is none of that name. */
export function interfaceIndex(name: string): number {
  return nameToIndex(name);
}

export function interfaceExists(name: string): boolean {
  return interfaceIndex(name) !== 0;
}

/**
 * A /30 of 198.18.0.0/16, of the block for tests of network devices (RFC 2544): by the interface's number, so
 * that no two interfaces at a time have the same.
 */
export function testSubnet(name: string): { here: string; there: string } {
  const subnet = (interfaceIndex(name) % 0x4000) * 4;
  const dotted = (host: number) => `198.18.${subnet >>> 8}.${(subnet & 0xff) + host}`;
  return { here: dotted(1), there: dotted(2) };
}
