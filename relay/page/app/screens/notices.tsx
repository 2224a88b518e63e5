import type { TenantApi } from "../api/tenant-api.ts";
import { formats, t } from "../state/text.ts";
import { useLive } from "../state/use-live.ts";
import { Loaded, Screen } from "../ui/screen.tsx";
import { DataTable } from "../ui/table.tsx";
import { Time } from "../ui/time.tsx";

/** The screen of notices: limits that were reached, and what the hub noticed. */
export function Notices({ tenant, api }: { tenant: string; api: TenantApi }) {
  const text = t.value;
  const words = text.notices;
  const notices = useLive((signal) => api.notices(signal), [tenant], 5_000);
  return (
    <Screen title={words.title} lead={words.lead(tenant)}>
      <Loaded
        live={notices}
        show={({ rows, more }) => (
          <DataTable
            caption={words.title}
            rows={rows}
            more={more}
            keyOf={({ code: key, network }) => `${key} ${network}`}
            empty={words.empty}
            columns={[
              {
                label: words.last,
                sort: ({ last_at }) => last_at,
                cell: ({ last_at }) => <Time time={last_at} />,
              },
              { label: text.ofNetwork, cell: ({ network }) => network ?? words.wholeTenant },
              {
                label: words.what,
                heads: true,
                sort: ({ code: key }) => key,
                cell: ({ code: key, message, hint }) => (
                  // The relay writes notices in English.
                  <div lang="en">
                    <code>{key}</code> {message}
                    {hint && <span class="hint">{` ${hint}`}</span>}
                  </div>
                ),
              },
              {
                label: words.times,
                numeric: true,
                sort: ({ count }) => count,
                cell: ({ count }) => formats.value.count(count),
              },
            ]}
          />
        )}
      />
    </Screen>
  );
}
