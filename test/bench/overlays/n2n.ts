import type { Overlay } from "../overlay.ts";

const DEVICE = "n2n0";
const PORT = 7654;

/** Edges that find each other through a supernode, which relays UDP. */
export const n2n: Overlay = {
  name: "n2n",
  label: "n2n through its supernode, UDP",
  kind: "peer",
  needs: [
    { command: "edge", package: "n2n" },
    { command: "supernode", package: "n2n" },
  ],
  async start(star) {
    star.start(star.hub, "supernode", ["-l", String(PORT)]);
    for (const { host, hubAddress, overlayAddress } of star.arms) {
      const where = [
        "-d",
        DEVICE,
        "-a",
        overlayAddress,
        "-s",
        "255.255.255.0",
        "-l",
        `${hubAddress}:${PORT}`,
      ];
      star.start(host, "edge", [...where, "-c", "bench", "-k", "bench-key"]);
    }
    return { device: DEVICE };
  },
};
