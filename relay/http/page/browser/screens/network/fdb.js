/** @import { TabProps } from "./network-screen.js" */
import { useLive } from "../../state/use-live.js";
import { duration } from "../../text/format.js";
import { t } from "../../text/text.js";
import { code } from "../../ui/dom.js";
import { loaded } from "../../ui/screen.js";
import { dataTable } from "../../ui/table.js";
import { LIVE_MS, nameOf } from "./traffic.js";

/**
 * Which address is behind which member.
 *
 * @param {TabProps} props
 */
export function Fdb({ api, network, traffic }) {
  const words = t.value.network;
  const entries = useLive((signal) => api.fdb(signal), [network.tenant, network.name], LIVE_MS);
  return loaded({
    live: entries,
    show: ({ rows, more }) =>
      dataTable({
        caption: words.tabs.fdb,
        rows,
        more,
        keyOf: ({ mac }) => mac,
        empty: words.noEntries,
        columns: [
          { label: words.mac, heads: true, sort: ({ mac }) => mac, cell: ({ mac }) => code(null, mac) },
          {
            label: words.behind,
            sort: ({ port }) => nameOf(traffic, port),
            cell: ({ port }) => nameOf(traffic, port),
          },
          { label: words.kind, sort: ({ kind }) => kind, cell: ({ kind }) => words.kinds[kind] ?? kind },
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
