import { useState } from "preact/hooks";
import type { AuditEntry, RelayAuditEntry } from "../../../../shared/api/resources/audit.ts";
import { SelectField, TextField } from "../../../../shared/ui/field.tsx";
import type { Rows } from "../api/requests.ts";
import { formats, t } from "../state/text.ts";
import { useLive } from "../state/use-live.ts";
import { Loaded, Screen } from "../ui/screen.tsx";
import { DataTable } from "../ui/table.tsx";

const SINCE = [3_600, 86_400, 7 * 86_400, 30 * 86_400];

/** An audit entry; those of the whole relay's log name their tenant. */
type Entry = AuditEntry & Partial<Pick<RelayAuditEntry, "tenant">>;

/** The screen of an audit log: a tenant's, or the whole relay's. */
export function Audit({
  tenant,
  load,
}: {
  tenant?: string;
  load: (since: number | undefined, signal: AbortSignal) => Promise<Rows<Entry>>;
}) {
  const text = t.value;
  const words = text.audit;
  const [since, setSince] = useState<number | undefined>(7 * 86_400);
  const [wanted, setWanted] = useState("");
  const entries = useLive((signal) => load(since, signal), [since], 10_000);

  const options: [string, string][] = SINCE.map((seconds) => [
    String(seconds),
    words.last(formats.value.duration(seconds)),
  ]);
  return (
    <Screen
      title={tenant === undefined ? words.relayTitle : words.title}
      lead={tenant === undefined ? words.relayLead : words.lead(tenant)}
    >
      <div class="filters">
        <SelectField
          label={words.period}
          name="since"
          options={[...options, ["", words.all]]}
          value={String(since ?? "")}
          onChange={(value) => setSince(value === "" ? undefined : Number(value))}
        />
        <TextField label={words.filter} name="filter" type="search" onInput={setWanted} />
      </div>
      <Loaded
        live={entries}
        show={({ rows, more }) => (
          <DataTable
            caption={tenant === undefined ? words.relayTitle : words.title}
            rows={rows.filter((entry) => matches(entry, wanted))}
            more={more}
            keyOf={(entry) => `${rows.length - rows.indexOf(entry)} ${entry.at}`}
            empty={words.empty}
            columns={[
              {
                label: words.at,
                heads: true,
                cell: ({ at }) => <time dateTime={at}>{formats.value.moment(at)}</time>,
              },
              { label: words.actor, sort: ({ actor }) => actor, cell: ({ actor }) => actor },
              {
                label: words.action,
                sort: ({ action }) => action,
                cell: ({ action }) => <code>{action}</code>,
              },
              { label: words.object, sort: ({ object }) => object, cell: ({ object }) => object },
              ...(tenant === undefined
                ? [
                    {
                      label: text.tenant,
                      cell: ({ tenant: of }: Entry) => of ?? text.none,
                    },
                  ]
                : []),
              { label: words.from, sort: ({ from }) => from ?? "", cell: ({ from }) => from ?? text.none },
            ]}
          />
        )}
      />
    </Screen>
  );
}

function matches(entry: Entry, wanted: string) {
  const words = wanted.toLowerCase().split(/\s+/);
  const all = [entry.actor, entry.action, entry.object, entry.from, entry.tenant].join(" ").toLowerCase();
  return words.every((word) => all.includes(word));
}
