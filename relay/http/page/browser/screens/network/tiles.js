/** @import { Traffic } from "./traffic.js" */
/** @import { ComponentChildren } from "preact" */
import { h } from "preact";
import { bitRate, number } from "../../text/format.js";
import { t } from "../../text/text.js";
import { dd, div, dl, dt } from "../../ui/dom.js";
import { Sparkline } from "../../ui/sparkline.js";

/**
 * The whole network in four numbers.
 *
 * @param {{ traffic: Traffic }} props
 */
export function Tiles({ traffic: { counters, history } }) {
  const words = t.value.network;
  const now = history.at(-1);
  return dl(
    { class: "tiles" },
    h(Tile, { label: words.here, value: counters === undefined ? "–" : number(counters.length) }),
    h(
      Tile,
      { label: words.sent, value: now === undefined ? "–" : bitRate(now.sending) },
      h(Sparkline, { values: history.map(({ sending }) => sending) }),
    ),
    h(
      Tile,
      { label: words.delivered, value: now === undefined ? "–" : bitRate(now.receiving) },
      h(Sparkline, { values: history.map(({ receiving }) => receiving) }),
    ),
    h(
      Tile,
      { label: words.dropped, value: now === undefined ? "–" : words.perSecond(number(now.drops)) },
      h(Sparkline, { values: history.map(({ drops }) => drops) }),
    ),
  );
}

/** @param {{ label: string, value: string, children?: ComponentChildren }} props */
function Tile({ label, value, children }) {
  return div(
    { class: "tile" },
    dt(null, label),
    dd(null, value),
    children && dd({ class: "spark" }, children),
  );
}
