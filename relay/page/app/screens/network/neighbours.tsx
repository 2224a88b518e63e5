import { formats, t } from "../../state/text.ts";
import { useLive } from "../../state/use-live.ts";
import { Loaded } from "../../ui/screen.tsx";
import { DataTable } from "../../ui/table.tsx";
import type { TabProps } from "./tab-props.ts";
import { LIVE_MS, nameOf } from "./traffic.ts";

/** The tab of IP addresses for which the hub answers. */
export function Neighbours({ api, network, traffic }: TabProps) {
  const words = t.value.network;
  const neighbours = useLive((signal) => api.neighbours(signal), [network.tenant, network.name], LIVE_MS);
  return (
    <Loaded
      live={neighbours}
      show={({ rows, more }) => (
        <DataTable
          caption={words.tabs.neighbours}
          rows={rows}
          more={more}
          keyOf={({ address }) => address}
          empty={words.noNeighbours}
          columns={[
            {
              label: words.address,
              heads: true,
              sort: ({ address }) => address,
              cell: ({ address }) => <code>{address}</code>,
            },
            { label: words.mac, sort: ({ mac }) => mac, cell: ({ mac }) => <code>{mac}</code> },
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
              cell: ({ age_seconds }) => formats.value.duration(age_seconds),
            },
          ]}
        />
      )}
    />
  );
}
