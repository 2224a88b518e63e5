import { formats, t } from "../../state/text.ts";
import { useLive } from "../../state/use-live.ts";
import { Loaded } from "../../ui/screen.tsx";
import { DataTable } from "../../ui/table.tsx";
import type { TabProps } from "./tab-props.ts";
import { LIVE_MS, nameOf } from "./traffic.ts";

/** The tab of the network's own group and of its joined IP groups. */
export function Groups({ api, network, traffic }: TabProps) {
  const words = t.value.network;
  const groups = useLive((signal) => api.groups(signal), [network.tenant, network.name], LIVE_MS);
  return (
    <Loaded
      live={groups}
      show={({ rows, more }) => (
        <DataTable
          caption={words.tabs.groups}
          rows={rows}
          more={more}
          keyOf={({ group, vlans }) => `${group} ${vlans}`}
          empty={words.noGroups}
          columns={[
            {
              label: words.group,
              heads: true,
              sort: ({ group }) => group,
              cell: ({ group }) => [
                <code>{group}</code>,
                group === network.group && ` ${words.wholeNetwork}`,
              ],
            },
            { label: "VLAN", cell: ({ vlans }) => vlans.join(", ") || t.value.none },
            {
              label: words.count,
              numeric: true,
              sort: ({ ports }) => ports.length,
              cell: ({ ports }) => formats.value.count(ports.length),
            },
            { label: words.who, cell: ({ ports }) => ports.map((port) => nameOf(traffic, port)).join(", ") },
          ]}
        />
      )}
    />
  );
}
