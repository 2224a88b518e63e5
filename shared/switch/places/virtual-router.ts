/**
 * MAC addresses that move from one machine to another by design, because several routers share them: 00:00:5e:00:01:xx and
 * 00:00:5e:00:02:xx (VRRP for IPv4 and IPv6, RFC 9568 section 7.3, and CARP), 00:00:0c:07:ac:xx (HSRP, RFC 2281 section
 * 5.1), 00:00:0c:9f:fx:xx and 00:05:73:a0:0x:xx (HSRP version 2 for IPv4 and IPv6), 00:07:b4:xx:xx:xx (GLBP).
 */
const VRRP = 0x00_00_5e_00_01;
const VRRP_IPV6 = 0x00_00_5e_00_02;
const HSRP = 0x00_00_0c_07_ac;
const HSRP2 = 0x00_00_0c_9f_f;
const HSRP2_IPV6 = 0x00_05_73_a0_0;
const GLBP = 0x00_07_b4;

/** Returns whether routers share a MAC address, so that its place is where it was last heard. */
export function isVirtualRouterMac(mac: number): boolean {
  const withoutByte = Math.floor(mac / 2 ** 8);
  if (withoutByte === VRRP || withoutByte === VRRP_IPV6 || withoutByte === HSRP) return true;
  const group = Math.floor(mac / 2 ** 12);
  return group === HSRP2 || group === HSRP2_IPV6 || Math.floor(mac / 2 ** 24) === GLBP;
}
