/** @import { TabProps } from "./network-screen.js" */
import { useLive } from "../../state/use-live.js";
import { duration } from "../../text/format.js";
import { t } from "../../text/text.js";
import { code } from "../../ui/dom.js";
import { loaded } from "../../ui/screen.js";
import { dataTable } from "../../ui/table.js";
import { LIVE_MS, nameOf } from "./traffic.js";

/**
 * The IP addresses that the hub answers for.
 *
 * @param {TabProps} props
 */
export function Neighbours({ api, network, traffic }) {
  const words = t.value.network;
  const neighbours = useLive((signal) => api.neighbours(signal), [network.tenant, network.name], LIVE_MS);
  return loaded({
    live: neighbours,
    show: ({ rows, more }) =>
      dataTable({
        caption: words.tabs.neighbours,
        rows,
        more,
        keyOf: ({ address }) => address,
        empty: words.noNeighbours,
        columns: [
          {
            label: words.address,
            heads: true,
            sort: ({ address }) => address,
            cell: ({ address }) => code(null, address),
          },
          { label: words.mac, sort: ({ mac }) => mac, cell: ({ mac }) => code(null, mac) },
          {
            label: words.behind,
            sort: ({ port }) => nameOf(traffic, port),
            cell: ({ port }) => nameOf(traffic, port),
          },
          { label: words.kind, cell: ({ kind }) => words.kinds[kind] ?? kind },
          {
            label: words.age,
            numeric: true,
            sort: ({ age_seconds }) => age_seconds,
            cell: ({ age_seconds }) => duration(age_seconds),
          },
        ],
      }),
  });
}
