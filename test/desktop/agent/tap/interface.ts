/**
 * Names and addresses of interfaces under test: they are unique on this machine, because other tests run at the same
 * time.
 */
import koffi from "koffi";

const nameToIndex: (name: string) => number = koffi.load(null).func("if_nametoindex", "uint", ["str"]);

let names = 0;

/**
 * Returns an interface name that no other test uses: `prefix`, at most three letters, and a suffix, at most 15 bytes
 * together.
 */
export function uniqueName(prefix = "lt"): string {
  names++;
  return `${prefix}${process.pid.toString(36)}x${names.toString(36)}`;
}

/** Returns the kernel's index of an interface, 0 if there is none of that name. */
export function interfaceIndex(name: string): number {
  return nameToIndex(name);
}

export function interfaceExists(name: string): boolean {
  return interfaceIndex(name) !== 0;
}

/**
 * Returns a /30 of 198.18.0.0/16, the block for tests of network devices (RFC 2544), by the interface's index, so that
 * no two interfaces share one.
 */
export function testSubnet(name: string): { here: string; there: string } {
  const subnet = (interfaceIndex(name) % 0x4000) * 4;
  const dotted = (host: number) => `198.18.${subnet >>> 8}.${(subnet & 0xff) + host}`;
  return { here: dotted(1), there: dotted(2) };
}
