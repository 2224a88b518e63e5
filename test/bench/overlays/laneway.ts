import { join } from "node:path";
import { Laneway, text } from "../../../desktop/demo/lab/laneway.ts";
import type { Overlay } from "../overlay.ts";
import type { Star } from "../star.ts";
import { makeCertificate } from "./certificate.ts";

/** The repository's command, under the Node that runs the benchmark. */
export const laneway: Laneway = new Laneway({
  command: process.execPath,
  args: [join(import.meta.dirname, "../../../bin/laneway.js")],
});

const DEVICE = "lane0";
const PORT = 8787;

interface Variant {
  readonly tls?: boolean;
  /** Options of `laneway relay`. */
  readonly relay?: readonly string[];
  /** Options of `laneway up`, at both ends. */
  readonly up?: readonly string[];
}

async function start(star: Star, { tls = false, relay = [], up = [] }: Variant): Promise<{ device: string }> {
  const data = join(star.directory, "relay");
  const files = tls ? makeCertificate(star) : undefined;
  const env: Record<string, string> = files === undefined ? {} : { NODE_EXTRA_CA_CERTS: files.cert };
  const https = files === undefined ? [] : ["--tls-cert", files.cert, "--tls-key", files.key];
  const args = ["--listen", `0.0.0.0:${PORT}`, "--data", data, ...https, ...relay];
  const { adminTokenFile } = await laneway.startRelay(star.hub, args, { env });
  const url = (address: string) => `${tls ? "https" : "http"}://${address}:${PORT}`;
  const admin = ["--relay", url(star.a.hubAddress), "--admin-token-file", adminTokenFile];
  const token = text(await laneway.create(star.hub, ["token", "create", ...admin], { env }), "token");
  for (const { host, hubAddress } of star.arms) {
    const state = join(star.directory, `state-${host.name}`);
    const where = ["--relay", url(hubAddress), "--state", state, "--tap", DEVICE, "--address", "none"];
    await laneway.up(host, ["lan", ...where, ...up], { env: { ...env, LANEWAY_TOKEN: token } });
  }
  return { device: DEVICE };
}

function variant(name: string, label: string, how: Variant): Overlay {
  const needs = how.tls ? [{ command: "openssl", package: "openssl" }] : [];
  return { name, label, kind: "own", needs, start: (star) => start(star, how) };
}

export const plain = variant("laneway", "Laneway, ws", {});
export const noOffload = variant("laneway-no-offload", "Laneway, ws, `--no-offload` at both ends", {
  up: ["--no-offload"],
});
export const tls = variant("laneway-tls", "Laneway, wss", { tls: true });
export const byWs = variant("laneway-by-ws", "Laneway, ws, `--websocket ws` everywhere", {
  relay: ["--websocket", "ws"],
  up: ["--websocket", "ws"],
});
