import { NOW } from "./double/scene.ts";

const SECONDS = 100;

/**
 * Returns a minute and a half of traffic events, the same every time.
 *
 * @param end milliseconds since 1970
 */
export function trafficOf(id: string, end = Date.parse(NOW)) {
  let rx = 1_000_000_000;
  let tx = 12_000_000;
  return Array.from({ length: SECONDS }, (_, second) => {
    const wave = 1 + Math.sin(second / 9) * 0.6 + Math.sin(second / 2.3) * 0.2;
    rx += Math.round(900_000 * Math.max(0, wave));
    tx += Math.round(240_000 * Math.max(0, 1.4 - wave / 2));
    return {
      at: new Date(end - (SECONDS - 1 - second) * 1_000).toISOString(),
      networks: [{ id, rx_bytes: rx, tx_bytes: tx, latency_ms: 18.4 }],
    };
  });
}
