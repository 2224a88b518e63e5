/** @import { TabProps } from "./network-screen.js" */
import { useLive } from "../../state/use-live.js";
import { number } from "../../text/format.js";
import { t } from "../../text/text.js";
import { code } from "../../ui/dom.js";
import { loaded } from "../../ui/screen.js";
import { dataTable } from "../../ui/table.js";
import { LIVE_MS, nameOf } from "./traffic.js";

/**
 * The network's own group, and the IP groups that were joined in it.
 *
 * @param {TabProps} props
 */
export function Groups({ api, network, traffic }) {
  const words = t.value.network;
  const groups = useLive((signal) => api.groups(signal), [network.tenant, network.name], LIVE_MS);
  return loaded({
    live: groups,
    show: ({ rows, more }) =>
      dataTable({
        caption: words.tabs.groups,
        rows,
        more,
        keyOf: ({ group, vlans }) => `${group} ${vlans}`,
        empty: words.noGroups,
        columns: [
          {
            label: words.group,
            heads: true,
            sort: ({ group }) => group,
            cell: ({ group }) => [code(null, group), group === network.group && ` ${words.wholeNetwork}`],
          },
          { label: "VLAN", cell: ({ vlans }) => vlans.join(", ") || t.value.none },
          {
            label: words.count,
            numeric: true,
            sort: ({ ports }) => ports.length,
            cell: ({ ports }) => number(ports.length),
          },
          { label: words.who, cell: ({ ports }) => ports.map((port) => nameOf(traffic, port)).join(", ") },
        ],
      }),
  });
}
