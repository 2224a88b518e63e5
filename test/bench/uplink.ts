import { setTimeout as delay } from "node:timers/promises";
import { Iperf } from "./iperf.ts";
import { type Overlay, ready } from "./overlay.ts";
import { ping } from "./ping.ts";
import type { UplinkResult } from "./results/results.ts";
import { Star } from "./star.ts";
import type { MeasureOptions } from "./systems.ts";

const RATE_MBIT = 200;
/** The load's rate: one and a half times the line's. */
const UDP_RATE = "300M";
const UDP_PAYLOAD = 1_400;
/** The line's own buffer, 40 ms of it, as in a cheap router. */
const TBF = ["rate", `${RATE_MBIT}mbit`, "burst", "64k", "limit", "1000000"];
/** Seconds of load before and after the round trips. */
const RAMP_SECONDS = 1.5;
const PING_INTERVAL_MS = 10;

/** Measures the round trips of each overlay while `a`'s uplink is full, of TCP and then of UDP. */
export async function measureUplink(
  overlays: readonly Overlay[],
  options: MeasureOptions,
): Promise<UplinkResult[]> {
  const results: UplinkResult[] = [];
  for (const overlay of overlays) {
    options.say(`${overlay.label}, behind ${RATE_MBIT} Mbit/s`);
    results.push(await measureOne(overlay, options));
  }
  return results;
}

async function measureOne(overlay: Overlay, options: MeasureOptions): Promise<UplinkResult> {
  const { seconds, quiet, signal } = options;
  await using star = await Star.create(signal);
  const target = await ready(star, await overlay.start(star));
  const iperf = new Iperf(star, target, signal);
  await iperf.tcp(1, 1);
  await star.a.host.mustExec("tc", ["qdisc", "add", "dev", "up0", "root", "tbf", ...TBF], { signal });
  const count = Math.floor(((seconds - 2 * RAMP_SECONDS) * 1_000) / PING_INTERVAL_MS);
  const pings = async () => {
    await delay(RAMP_SECONDS * 1_000, undefined, { signal });
    return ping(star, target, { count, intervalMs: PING_INTERVAL_MS, signal });
  };
  const own = await star.processes();
  const tcp = await quiet.measure(own, () => Promise.all([iperf.tcp(seconds, 1), pings()]));
  const udp = await quiet.measure(own, () =>
    Promise.all([iperf.udp(seconds, UDP_RATE, UDP_PAYLOAD), pings()]),
  );
  const [transfer, tcpTrips] = tcp.value;
  const [packets, udpTrips] = udp.value;
  return {
    name: overlay.name,
    label: overlay.label,
    tcp: {
      medianMs: tcpTrips.medianMs,
      share: (transfer.gbps * 1_000) / RATE_MBIT,
      retransmits: transfer.retransmits,
    },
    udp: {
      medianMs: udpTrips.medianMs,
      share: (packets.arrivedPerSecond * UDP_PAYLOAD * 8) / (RATE_MBIT * 1e6),
    },
    seconds,
    foreign: tcp.foreign + udp.foreign,
  };
}
