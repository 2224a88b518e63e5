export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Whether to emphasize the bar, for Laneway's. */
  readonly own: boolean;
}

export interface Panel {
  readonly title: string;
  readonly bars: readonly Bar[];
  /** Number of decimals in a bar's figure. */
  readonly digits: number;
}

const WIDTH = 860;
const MARGIN = 16;
/** Start of the bars, to the right of their labels; and the space behind the longest for its figure. */
const BARS_AT = 330;
const FIGURE = 70;
const ROW = 24;
const BAR = 16;
const TITLE = 34;
const GAP = 14;

/** Readable on light and dark pages, because an image does not know the page's theme. */
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #24292f; }
  .title { font-weight: 600; }
  .own { fill: #0969da; }
  .other { fill: #8c959f; }
  .axis { stroke: #d0d7de; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .own { fill: #4493f8; }
    .other { fill: #7d8590; }
    .axis { stroke: #3d444d; }
  }
`;

/** Draws an SVG of horizontal bars, one panel below the other. Each has its own scale, which begins at 0. */
export function drawBars(panels: readonly Panel[]): string {
  let y = MARGIN;
  const parts = panels.map((panel) => {
    const drawn = drawPanel(panel, y);
    y += TITLE + panel.bars.length * ROW + GAP;
    return drawn;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img">
<title>Laneway beside other overlays: throughput, packets, round trip and processor time</title>
<style>${STYLE}</style>
${parts.join("\n")}
</svg>
`;
}

function drawPanel({ title, bars, digits }: Panel, top: number): string {
  const most = Math.max(...bars.map(({ value }) => value));
  const first = top + TITLE;
  const rows = bars.map(({ label, value, own }, i) => {
    const y = first + i * ROW;
    const middle = y + ROW / 2;
    const width = ((WIDTH - MARGIN - FIGURE - BARS_AT) * value) / most;
    return [
      text(BARS_AT - 8, middle, label, 'text-anchor="end"'),
      `<rect class="${own ? "own" : "other"}" x="${BARS_AT}" y="${y + (ROW - BAR) / 2}" width="${width.toFixed(1)}" height="${BAR}" rx="2"/>`,
      text(BARS_AT + width + 6, middle, value.toFixed(digits)),
    ].join("\n");
  });
  const axis = `<line class="axis" x1="${BARS_AT}" x2="${BARS_AT}" y1="${first}" y2="${first + bars.length * ROW}"/>`;
  return [text(MARGIN, top + TITLE / 2, title, 'class="title"'), axis, ...rows].join("\n");
}

function text(x: number, y: number, content: string, attributes = ""): string {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x.toFixed(1)}" y="${y}" dominant-baseline="central" ${attributes}>${escaped}</text>`;
}
