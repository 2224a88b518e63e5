import type { JSX } from "preact";
import { useId } from "preact/hooks";
import type { NetworkStatus, Peer } from "../../../rpc/shapes.ts";
import { useLocale } from "../../state/context.ts";
import { between, CENTRE, HEIGHT, type Point, places, shorten, WIDTH } from "./layout.ts";

const RADIUS = 20;

function Machine({ at, look }: { readonly at: Point; readonly look: string }): JSX.Element {
  const glyph = look === "self" ? "glyph self-glyph" : "glyph";
  return (
    <g>
      <circle class={`node ${look}`} cx={at.x} cy={at.y} r={RADIUS} />
      <path class={glyph} d={`M${at.x - 8} ${at.y - 7}h16v10h-16zM${at.x - 4} ${at.y + 7}h8`} />
    </g>
  );
}

function Name({
  at,
  name,
  sub,
}: {
  readonly at: Point;
  readonly name: string;
  readonly sub?: string;
}): JSX.Element {
  // Puts the name on the outer side, because the paths lead inwards.
  const top = at.y < CENTRE.y - RADIUS ? at.y - RADIUS - 24 : at.y + RADIUS + 16;
  return (
    <g>
      <text x={at.x} y={top}>
        {shorten(name)}
      </text>
      {sub === undefined ? null : (
        <text class="sub" x={at.x} y={top + 15}>
          {shorten(sub, 24)}
        </text>
      )}
    </g>
  );
}

interface FigureProps {
  readonly network: NetworkStatus;
  readonly peers: readonly Peer[];
  /** The accessible name of the picture. */
  readonly label: string;
}

/** Draws the network: the relay in the middle, this machine at the left. The table beside it says the same. */
export function Figure({ network, peers, label }: FigureProps): JSX.Element {
  const { t, formats } = useLocale();
  const id = useId();
  const [self = CENTRE, ...others] = places(peers.length + 1);
  const isUp = network.state === "up";
  const time = (value: number | null) => (value === null ? "" : formats.milliseconds(value));
  const mine = between(self, CENTRE);
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-labelledby={id}>
      <title id={id}>{label}</title>
      <line class={isUp ? "path self" : "path away"} x1={self.x} y1={self.y} x2={CENTRE.x} y2={CENTRE.y} />
      {peers.map((peer, index) => {
        const at = others[index] ?? CENTRE;
        const from = peer.path === "direct" ? self : CENTRE;
        const look = peer.online ? peer.path : "away";
        return <line key={peer.vtep} class={`path ${look}`} x1={from.x} y1={from.y} x2={at.x} y2={at.y} />;
      })}
      <circle class="node hub" cx={CENTRE.x} cy={CENTRE.y} r={RADIUS + 4} />
      <path
        class="glyph"
        d={`M${CENTRE.x - 10} ${CENTRE.y - 4}h18l-4-4M${CENTRE.x + 10} ${CENTRE.y + 4}h-18l4 4`}
      />
      <Name
        at={{ x: CENTRE.x, y: CENTRE.y + 4 }}
        name={t.topology.relay}
        sub={URL.canParse(network.relay) ? new URL(network.relay).host : network.relay}
      />
      <text class="on-path" x={mine.x} y={mine.y - 5}>
        {isUp ? time(network.latency_ms) : ""}
      </text>
      <Machine at={self} look="self" />
      <Name at={self} name={t.topology.you} sub={network.address?.split("/")[0] ?? ""} />
      {peers.map((peer, index) => {
        const at = others[index] ?? CENTRE;
        const label = between(peer.path === "direct" ? self : CENTRE, at);
        return (
          <g key={peer.vtep}>
            <Machine at={at} look={peer.online ? "" : "away"} />
            <Name at={at} name={peer.name} sub={peer.addresses[0] ?? ""} />
            <text class="on-path" x={label.x} y={label.y - 5}>
              {peer.online ? time(peer.latency_ms) : ""}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
