import type { Overlay } from "../overlay.ts";
import { makeCertificate } from "./certificate.ts";

const DEVICE = "ovpn0";
const PORT = "1194";

/** A server that switches between its clients, over TCP with its default cipher. */
export const openvpn: Overlay = {
  name: "openvpn",
  label: "OpenVPN, TAP over TCP, AES-256-GCM",
  kind: "peer",
  needs: [
    { command: "openvpn", package: "openvpn" },
    { command: "openssl", package: "openssl" },
  ],
  async start(star) {
    // One self-signed certificate serves as authority, server and client.
    const { cert, key } = makeCertificate(star);
    const common = ["--dev-type", "tap", "--ca", cert, "--cert", cert, "--key", key];
    const cipher = ["--data-ciphers", "AES-256-GCM"];
    const switching = ["--mode", "server", "--client-to-client", "--duplicate-cn"];
    const server = [
      "--proto",
      "tcp-server",
      "--port",
      PORT,
      "--tls-server",
      "--dh",
      "none",
      "--dev",
      "tap-hub",
    ];
    star.start(star.hub, "openvpn", [...common, ...cipher, ...switching, ...server]);
    for (const { host, hubAddress } of star.arms) {
      const client = ["--proto", "tcp-client", "--tls-client", "--pull", "--nobind", "--dev", DEVICE];
      const retry = ["--connect-retry", "1"];
      star.start(host, "openvpn", [...common, ...cipher, ...client, ...retry, "--remote", hubAddress, PORT]);
    }
    return { device: DEVICE };
  },
};
