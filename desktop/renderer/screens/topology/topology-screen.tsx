import type { JSX } from "preact";
import { StateMark } from "../../../../shared/ui/state-mark.tsx";
import type { NetworkStatus, Peer } from "../../../rpc/shapes.ts";
import { DataTable } from "../../components/data-table.tsx";
import { NetworkMark } from "../../components/network-mark.tsx";
import { NetworkPicker } from "../../components/network-picker.tsx";
import { Card, Page } from "../../components/page.tsx";
import { useLocale, useStore } from "../../state/context.ts";
import { Figure } from "./figure.tsx";

/** Greatest number of members drawn; the table has all. */
const DRAWN = 16;

/** A member in the table. */
interface Line {
  readonly key: string;
  readonly name: string;
  readonly state: JSX.Element;
  readonly address: string | null;
  readonly path: string | null;
  /** In milliseconds. */
  readonly latency: number | null;
}

/** The connections of a network's members, drawn and as a table. */
export function TopologyScreen(): JSX.Element {
  const store = useStore();
  const { t } = useLocale();
  const network = store.chosen;
  return (
    <Page title={t.screens.topology} lead={t.topology.lead} actions={<NetworkPicker />}>
      {network === undefined ? <p class="empty">{t.topology.empty}</p> : <Topology network={network} />}
    </Page>
  );
}

function Topology({ network }: { readonly network: NetworkStatus }): JSX.Element {
  const store = useStore();
  const { t, formats } = useLocale();
  const peers = store.networks.peers(network.id).value ?? [];
  const hidden = peers.length - DRAWN;
  const isUp = network.state === "up";
  const self: Line = {
    key: "self",
    name: t.topology.you,
    state: <NetworkMark state={network.state} />,
    address: network.address,
    path: isUp ? t.topology.relay : null,
    latency: isUp ? network.latency_ms : null,
  };
  const lineOf = ({ vtep, name, online, addresses, path, latency_ms }: Peer): Line => ({
    key: String(vtep),
    name,
    state: (
      <StateMark tone={online ? "good" : "idle"}>{online ? t.network.online : t.network.offline}</StateMark>
    ),
    address: addresses[0] ?? null,
    path: online ? t.network[path] : null,
    latency: online ? latency_ms : null,
  });
  return (
    <>
      <figure class="card topology-figure">
        <Figure
          network={network}
          peers={peers.slice(0, DRAWN)}
          label={t.topology.figure(network.network, t.networks.members(network.members))}
        />
        {hidden <= 0 ? null : <figcaption class="empty">{t.topology.more(hidden)}</figcaption>}
      </figure>
      <Card title={t.topology.table} bare>
        <DataTable
          caption={t.topology.table}
          rows={[self, ...peers.map(lineOf)]}
          keyOf={({ key }) => key}
          empty=""
          columns={[
            { label: t.topology.from, heads: true, cell: ({ name }) => name },
            { label: t.network.state, cell: ({ state }) => state },
            { label: t.network.address, cell: ({ address }) => <span class="mono">{address ?? "–"}</span> },
            { label: t.topology.through, cell: ({ path }) => path ?? "–" },
            {
              label: t.network.reach,
              numeric: true,
              cell: ({ latency }) => (latency === null ? "–" : formats.milliseconds(latency)),
            },
          ]}
        />
      </Card>
    </>
  );
}
