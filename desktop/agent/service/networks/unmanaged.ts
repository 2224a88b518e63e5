/**
 * Keeps programs that manage interfaces away from ours: udev (which would set its own MAC address on a TAP),
 * systemd-networkd (which flushes addresses that are not in its files) and NetworkManager.
 */
export interface SystemFile {
  readonly path: string;
  readonly text: string;
}

const HEAD = "# Laneway's interfaces are the agent's own. Made by 'laneway service install'.\n";

/** Interfaces that the user did not name: `lw0`, `lw1`, … */
const NAMES = "lw[0-9]*";

export const UNMANAGED_FILES: readonly SystemFile[] = [
  {
    // systemd.link(5). Only the first matching file applies: this one must precede 99-default.link, whose MAC address
    // policy is persistent.
    path: "/etc/systemd/network/05-laneway.link",
    text: `${HEAD}[Match]\nOriginalName=${NAMES}\nDriver=tun\n\n[Link]\nNamePolicy=keep\nMACAddressPolicy=none\n`,
  },
  {
    // systemd.network(5). Precedes files for all interfaces, which usually have a higher number.
    path: "/etc/systemd/network/05-laneway.network",
    text: `${HEAD}[Match]\nName=${NAMES}\nDriver=tun\n\n[Link]\nUnmanaged=yes\nRequiredForOnline=no\n`,
  },
  {
    // NetworkManager(8), "UDEV PROPERTIES". Preceding 85-nm-unmanaged.rules is enough, because nothing resets the
    // property.
    path: "/etc/udev/rules.d/84-laneway.rules",
    text: `${HEAD}ACTION=="add|change|move", SUBSYSTEM=="net", KERNEL=="${NAMES}", ENV{NM_UNMANAGED}="1"\n`,
  },
];
