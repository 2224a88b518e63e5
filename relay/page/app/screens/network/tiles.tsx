import type { ComponentChildren } from "preact";
import { formats, t } from "../../state/text.ts";
import { Sparkline } from "../../ui/sparkline.tsx";
import type { Traffic } from "./traffic.ts";

/** The network's summary in four numbers. */
export function Tiles({ traffic: { counters, history } }: { traffic: Traffic }) {
  const words = t.value.network;
  const now = history.at(-1);
  return (
    <dl class="tiles">
      <Tile label={words.here} value={counters === undefined ? "–" : formats.value.count(counters.length)} />
      <Tile label={words.sent} value={now === undefined ? "–" : formats.value.bitRate(now.sending)}>
        <Sparkline values={history.map(({ sending }) => sending)} />
      </Tile>
      <Tile label={words.delivered} value={now === undefined ? "–" : formats.value.bitRate(now.receiving)}>
        <Sparkline values={history.map(({ receiving }) => receiving)} />
      </Tile>
      <Tile
        label={words.dropped}
        value={now === undefined ? "–" : words.perSecond(formats.value.count(now.drops))}
      >
        <Sparkline values={history.map(({ drops }) => drops)} />
      </Tile>
    </dl>
  );
}

function Tile({ label, value, children }: { label: string; value: string; children?: ComponentChildren }) {
  return (
    <div class="tile">
      <dt>{label}</dt>
      <dd>{value}</dd>
      {children && <dd class="spark">{children}</dd>}
    </div>
  );
}
