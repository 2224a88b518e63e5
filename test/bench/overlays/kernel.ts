import type { Overlay } from "../overlay.ts";
import type { Arm, Star } from "../star.ts";

/** The machine's own limit: no tunnel, and the hub is a router. */
export const routed: Overlay = {
  name: "routed",
  label: "no tunnel: veths, routed by the kernel",
  kind: "kernel",
  needs: [],
  async start(star) {
    await star.forwardIp(true);
    return { target: star.b.address };
  },
};

const DEVICE = "vxlan0";
const PORT = 4_789;
/** MTU that leaves 50 bytes of the line's 1500 for VXLAN, UDP, IP and Ethernet. */
const MTU = 1_450;

/** The kernel's own VTEP at the hub: a bridge with one VXLAN port for each client. */
export const vxlan: Overlay = {
  name: "kernel-vxlan",
  label: "kernel VXLAN, hub a kernel bridge",
  kind: "kernel",
  needs: [],
  async start(star) {
    await star.ip(star.hub, `link add vx-hub mtu ${MTU} type bridge`, "link set vx-hub up");
    await line(star, star.a, 101);
    await line(star, star.b, 102);
    return { device: DEVICE };
  },
};

async function line(star: Star, { host, address, hubAddress }: Arm, vni: number): Promise<void> {
  const device = (name: string, local: string, remote: string) =>
    `link add ${name} mtu ${MTU} type vxlan id ${vni} dstport ${PORT} local ${local} remote ${remote}`;
  await star.ip(host, device(DEVICE, address, hubAddress));
  const port = `vx-${host.name}`;
  await star.ip(star.hub, device(port, hubAddress, address), `link set ${port} master vx-hub up`);
}
