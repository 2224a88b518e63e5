/**
 * Has the programs that manage a machine's interfaces leave ours alone: udev (which would give a TAP a MAC address of its own
 * making), systemd-networkd (which flushes addresses that are not in its files) and NetworkManager.
 */
export interface SystemFile {
  readonly path: string;
  readonly text: string;
}

const HEAD = "# Laneway's interfaces are the agent's own. Made by 'laneway service install'.\n";

/** Interfaces without a name of the user's own: `lw0`, `lw1`, … */
const NAMES = "lw[0-9]*";

export const UNMANAGED_FILES: readonly SystemFile[] = [
  {
    // systemd.link(5). The first file that matches is the only one: before 99-default.link, whose policy for MAC addresses is
    // persistent.
    path: "/etc/systemd/network/05-laneway.link",
    text: `${HEAD}[Match]\nOriginalName=${NAMES}\nDriver=tun\n\n[Link]\nNamePolicy=keep\nMACAddressPolicy=none\n`,
  },
  {
    // systemd.network(5). Before files for all interfaces, which most have a higher number.
    path: "/etc/systemd/network/05-laneway.network",
    text: `${HEAD}[Match]\nName=${NAMES}\nDriver=tun\n\n[Link]\nUnmanaged=yes\nRequiredForOnline=no\n`,
  },
  {
    // NetworkManager(8), "UDEV PROPERTIES". Before 85-nm-unmanaged.rules is early enough: nothing sets it back.
    path: "/etc/udev/rules.d/84-laneway.rules",
    text: `${HEAD}ACTION=="add|change|move", SUBSYSTEM=="net", KERNEL=="${NAMES}", ENV{NM_UNMANAGED}="1"\n`,
  },
];
