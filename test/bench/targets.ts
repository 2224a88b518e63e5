import { median } from "./results/quantile.ts";
import type { Figures, Results, SystemResult } from "./results/results.ts";
import { type Cell, table } from "./results/table.ts";

/** Laneway's targets: ratios within one run, if a figure depends on the machine. */
interface Target {
  readonly what: string;
  readonly bound: "≥" | "≤";
  readonly value: number;
  readonly unit: string;
  /** Undefined if that part was not measured. */
  readonly measured: (results: Results) => number | undefined;
}

const MIB_PER_STALL = 2;
/** The overlays among which it takes the best, in packets per second. */
const UDP_PEERS = ["openvpn", "tinc", "softether"];

const targets: readonly Target[] = [
  ratio("TCP, ws, to SoftEther", 3, "gbps", "laneway", "softether"),
  ratio("TCP, ws, to tinc", 8, "gbps", "laneway", "tinc"),
  ratio("TCP, ws, to OpenVPN", 10, "gbps", "laneway", "openvpn"),
  ratio("TCP, ws, to kernel VXLAN", 0.3, "gbps", "laneway", "kernel-vxlan"),
  {
    what: "TCP, four streams to one",
    bound: "≥",
    value: 0.9,
    unit: "×",
    measured: (results) => {
      const system = find(results, "laneway");
      return quotient(middle(system, "gbpsOf4"), middle(system, "gbps"));
    },
  },
  ratio("TCP, wss, to SoftEther", 2, "gbps", "laneway-tls", "softether"),
  ratio("TCP, no offload, to SoftEther", 1.2, "gbps", "laneway-no-offload", "softether"),
  {
    what: "64-byte UDP, to the best of OpenVPN, tinc and SoftEther",
    bound: "≥",
    value: 2,
    unit: "×",
    measured: (results) => {
      const others = UDP_PEERS.map((name) => middle(find(results, name), "arrivedPerSecond"));
      const known = others.filter((one) => one !== undefined);
      if (known.length === 0) return undefined;
      return quotient(middle(find(results, "laneway"), "arrivedPerSecond"), Math.max(...known));
    },
  },
  {
    what: "CPU of all our processes",
    bound: "≤",
    value: 0.45,
    unit: "s/Gbit",
    measured: (results) => middle(find(results, "laneway"), "cpuPerGbit"),
  },
  { ...ratio("idle round trip, median, to OpenVPN", 1, "medianMs", "laneway", "openvpn"), bound: "≤" },
  {
    what: "idle round trip, p99",
    bound: "≤",
    value: 0.6,
    unit: "ms",
    measured: (results) => middle(find(results, "laneway"), "p99Ms"),
  },
  start("--version"),
  start("--help"),
  uplink("round trip beside TCP on a full uplink", "≤", 20, "ms", ({ tcp }) => tcp.medianMs),
  uplink("round trip beside UDP on a full uplink", "≤", 25, "ms", ({ udp }) => udp.medianMs),
  uplink("share of the uplink that TCP gets", "≥", 90, "%", ({ tcp }) => tcp.share * 100),
  uplink("its retransmits in 10 s", "≤", 100, "", ({ tcp, seconds }) => (tcp.retransmits * 10) / seconds),
  {
    what: "broadcasts to 100 members, delivered",
    bound: "≥",
    value: 500_000,
    unit: "/s",
    measured: ({ hub }) => hub && Math.max(...hub.broadcast.map((one) => one.deliveriesPerSecond)),
  },
  {
    what: "an idle session, of 10,000",
    bound: "≤",
    value: 20,
    unit: "KiB",
    measured: ({ hub }) => hub?.idle.kibEach,
  },
  {
    what: "relay's memory for a receiver that stops reading",
    bound: "≤",
    value: MIB_PER_STALL,
    unit: "MiB more",
    measured: ({ hub }) => hub && hub.stalled.mostMib - hub.stalled.beforeMib,
  },
];

/** Formats the targets with a result in this run as a table. */
export function targetTable(results: Results): string {
  const rows: Cell[][] = [];
  for (const { what, bound, value, unit, measured } of targets) {
    const is = measured(results);
    if (is === undefined || Number.isNaN(is)) continue;
    const reached = bound === "≥" ? is >= value : is <= value;
    rows.push([
      what,
      `${bound} ${format(value)} ${unit}`.trim(),
      `${format(is)} ${unit}`.trim(),
      reached ? "yes" : "**no**",
    ]);
  }
  return table(["measure", "target", "measured", "reached"], rows);
}

function ratio(what: string, value: number, figure: keyof Figures, of: string, to: string): Target {
  const measured = (results: Results) =>
    quotient(middle(find(results, of), figure), middle(find(results, to), figure));
  return { what, bound: "≥", value, unit: "×", measured };
}

function start(command: string): Target {
  return {
    what: `start of laneway ${command}, to node -e 0`,
    bound: "≤",
    value: 1.5,
    unit: "×",
    measured: ({ start }) => start?.find((one) => one.command === command)?.ratio,
  };
}

function uplink(
  what: string,
  bound: Target["bound"],
  value: number,
  unit: string,
  of: (result: NonNullable<Results["uplink"]>[number]) => number,
): Target {
  const measured = (results: Results) => {
    const own = results.uplink?.find(({ name }) => name === "laneway");
    return own && of(own);
  };
  return { what, bound, value, unit, measured };
}

function find({ systems }: Results, name: string): SystemResult | undefined {
  return systems?.find((system) => system.name === name);
}

function middle(system: SystemResult | undefined, figure: keyof Figures): number | undefined {
  const values = system?.figures[figure];
  return values === undefined || values.length === 0 ? undefined : median(values);
}

function quotient(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a / b;
}

function format(value: number): string {
  if (value >= 1_000) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}
