import type { ReadonlySignal } from "@preact/signals";
import { effect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useLocale, useStore } from "../state/context.ts";
import { latest, SAMPLES, type Traffic } from "../state/traffic.ts";

/** Least upper end of a plot, in bits per second, so that a single packet does not fill it. */
const FLOOR = 8_000;

/** Returns the colours and the font of the current theme. */
function style(): { received: string; sent: string; line: string; muted: string; font: string } {
  // Reads them from an element, because the custom properties hold a colour for each theme.
  const probe = document.body.appendChild(document.createElement("span"));
  const computed = getComputedStyle(probe);
  const color = (name: string) => {
    probe.style.color = `var(${name})`;
    return computed.color;
  };
  const read = {
    received: color("--received"),
    sent: color("--sent"),
    line: color("--line"),
    muted: color("--muted"),
    font: `11px ${computed.fontFamily}`,
  };
  probe.remove();
  return read;
}

function columns({ times, rx, tx }: Traffic, now: number): uPlot.AlignedData {
  const end = times.at(-1) ?? now;
  const bits = (rates: readonly number[]) => rates.map((rate) => rate * 8);
  return [times.map((time) => time - end), bits(rx), bits(tx)];
}

function series(stroke: string, dash?: number[]): uPlot.Series {
  return { stroke, width: 1.75, points: { show: false }, ...(dash === undefined ? {} : { dash }) };
}

function axes(rate: (value: number) => string): uPlot.Axis[] {
  const { line, muted, font } = style();
  const common = { stroke: muted, font, ticks: { show: false }, grid: { stroke: line, width: 1 } };
  return [
    {
      ...common,
      size: 26,
      grid: { show: false },
      values: (_plot, times) => times.map((time) => (time === 0 ? "0 s" : `−${-time} s`)),
      splits: () => [-120, -90, -60, -30, 0],
    },
    {
      ...common,
      size: 78,
      values: (_plot, rates) => rates.map((value) => (value === 0 ? "0" : rate(value))),
      space: 44,
    },
  ];
}

interface TrafficChartProps {
  readonly traffic: ReadonlySignal<Traffic>;
  /** Draws a line without axes, for a row, instead of a plot. */
  readonly small?: boolean;
}

/** Traffic of the last two minutes, received and sent. Its accessible name says the same in words. */
export function TrafficChart({ traffic, small = false }: TrafficChartProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const { t, formats } = useLocale();
  const theme = useStore().theme.value;
  // Not a live region: a reader says the name when the user asks for it, not with every sample.
  const now = latest(traffic.value);
  const label = t.network.trafficLabel(formats.rate(now.rx), formats.rate(now.tx));

  // Rebuilt when the theme changes, because a chart keeps its colours.
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const { received, sent } = style();
    const size = () => ({ width: element.clientWidth, height: element.clientHeight });
    const plot = new uPlot(
      {
        ...size(),
        legend: { show: false },
        cursor: { show: false },
        padding: small ? [2, 0, 2, 0] : [8, 14, 0, 0],
        scales: {
          x: { time: false, range: [-SAMPLES, 0] },
          y: { range: (_plot, _least, most) => [0, Math.max(FLOOR, (most ?? 0) * 1.1)] },
        },
        axes: small ? [{ show: false }, { show: false }] : axes((rate) => formats.bitRate(rate)),
        series: [{}, series(received), series(sent, [5, 4])],
      },
      columns(traffic.peek(), Date.now() / 1_000),
      element,
    );
    const stop = effect(() => plot.setData(columns(traffic.value, Date.now() / 1_000)));
    const observer = new ResizeObserver(() => plot.setSize(size()));
    observer.observe(element);
    return () => {
      stop();
      observer.disconnect();
      plot.destroy();
    };
  }, [traffic, small, formats, theme]);

  return <div ref={place} class={small ? "spark" : "plot"} role="img" aria-label={label} />;
}
