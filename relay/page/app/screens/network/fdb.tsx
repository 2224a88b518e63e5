import { formats, t } from "../../state/text.ts";
import { useLive } from "../../state/use-live.ts";
import { Loaded } from "../../ui/screen.tsx";
import { DataTable } from "../../ui/table.tsx";
import type { TabProps } from "./tab-props.ts";
import { LIVE_MS, nameOf } from "./traffic.ts";

/** The tab of the network's forwarding table. */
export function Fdb({ api, network, traffic }: TabProps) {
  const words = t.value.network;
  const entries = useLive((signal) => api.fdb(signal), [network.tenant, network.name], LIVE_MS);
  return (
    <Loaded
      live={entries}
      show={({ rows, more }) => (
        <DataTable
          caption={words.tabs.fdb}
          rows={rows}
          more={more}
          keyOf={({ mac }) => mac}
          empty={words.noEntries}
          columns={[
            { label: words.mac, heads: true, sort: ({ mac }) => mac, cell: ({ mac }) => <code>{mac}</code> },
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
              cell: ({ age_seconds }) => formats.value.duration(age_seconds),
            },
          ]}
        />
      )}
    />
  );
}
