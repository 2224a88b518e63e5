/** 01:80:C2:00:00:00 to 01:80:C2:00:00:0F. */
const FIRST = 0x0180_c200_0000;
const LAST = 0x0180_c200_000f;

/** PAUSE and other MAC control (IEEE 802.3 clause 31). */
const MAC_CONTROL = 0x0180_c200_0001;

/**
 * Returns whether a destination is that of MAC control. Such frames are about the link between two machines and end at
 * the first: they would stop another machine's link.
 */
export function isMacControl(destination: number): boolean {
  return destination === MAC_CONTROL;
}

/**
 * Returns whether a destination is one of a single link, which no bridge forwards (IEEE 802.1Q section 8.6.3): STP, LACP,
 * 802.1X, LLDP and the like.
 */
export function isLinkLocalControl(destination: number): boolean {
  return destination >= FIRST && destination <= LAST;
}
