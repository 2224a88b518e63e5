import type { JSX } from "preact";
import type { NetworkStatus } from "../../../rpc/shapes.ts";
import { NetworkPicker } from "../../components/network-picker.tsx";
import { Card, Page } from "../../components/page.tsx";
import { Mark, StateMark } from "../../components/state-mark.tsx";
import { useLocale, useStore } from "../../state/context.ts";
import { Figure } from "./figure.tsx";

/** Greatest number of members drawn; the table has all. */
const DRAWN = 16;

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
        <div class="table-wrap">
          <table class="table">
            <caption class="unseen">{t.topology.table}</caption>
            <thead>
              <tr>
                <th scope="col">{t.topology.from}</th>
                <th scope="col">{t.network.state}</th>
                <th scope="col">{t.network.address}</th>
                <th scope="col">{t.topology.through}</th>
                <th scope="col">{t.network.reach}</th>
              </tr>
            </thead>
            <tbody>
              <tr>
                <th scope="row">{t.topology.you}</th>
                <td>
                  <StateMark state={network.state} />
                </td>
                <td class="mono">{network.address ?? "–"}</td>
                <td>{isUp ? t.topology.relay : "–"}</td>
                <td class="number">
                  {isUp && network.latency_ms !== null ? formats.milliseconds(network.latency_ms) : "–"}
                </td>
              </tr>
              {peers.map((peer) => (
                <tr key={peer.vtep}>
                  <th scope="row">{peer.name}</th>
                  <td>
                    <Mark tone={peer.online ? "good" : "idle"}>
                      {peer.online ? t.network.online : t.network.offline}
                    </Mark>
                  </td>
                  <td class="mono">{peer.addresses[0] ?? "–"}</td>
                  <td>{peer.online ? t.network[peer.path] : "–"}</td>
                  <td class="number">
                    {peer.online && peer.latency_ms !== null ? formats.milliseconds(peer.latency_ms) : "–"}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Card>
    </>
  );
}
