import type { TenantLimits } from "../../../../shared/api/resources/limits.ts";
import type { Usage } from "../../../../shared/api/resources/usage.ts";
import { TextField } from "../../../../shared/ui/field.tsx";
import { writtenNumber } from "../../../../shared/ui/form.tsx";
import type { TenantApi } from "../api/tenant-api.ts";
import { announcer } from "../state/announcer.ts";
import { formats, t } from "../state/text.ts";
import { useLive } from "../state/use-live.ts";
import { FormDialog, showDialog } from "../ui/dialog.tsx";
import { RowButton } from "../ui/removal.tsx";
import { Loaded, Screen } from "../ui/screen.tsx";
import { DataTable } from "../ui/table.tsx";

/** The screen of a tenant's limits. */
export function LimitsScreen({
  tenant,
  api,
  isRelayAdmin,
}: {
  tenant: string;
  api: TenantApi;
  isRelayAdmin: boolean;
}) {
  const text = t.value;
  const words = text.limits;
  const limits = useLive(
    async (signal) => {
      const [most, now] = await Promise.all([api.limits(signal), api.usage(signal)]);
      return { most, now };
    },
    [tenant],
    15_000,
  );

  const change = (name: keyof TenantLimits, value: number | null) =>
    showDialog(
      <FormDialog
        title={words.change(words.names[name] ?? name)}
        submit={text.save}
        body={
          <TextField
            label={words.names[name] ?? name}
            hint={words.changeHint}
            name="value"
            type="number"
            min={0}
            max={1_000_000_000}
            defaultValue={value ?? ""}
          />
        }
        onSubmit={async (fields, signal) => {
          await api.changeLimits({ [name]: writtenNumber(fields, "value") ?? null }, signal);
          announcer.say(text.saved);
          limits.reload();
        }}
      />,
    );
  return (
    <Screen title={words.title} lead={isRelayAdmin ? words.lead(tenant) : words.leadTenant}>
      <Loaded
        live={limits}
        show={(data) => (
          <DataTable
            caption={words.title}
            rows={Object.entries(data.most) as [keyof TenantLimits, number | null][]}
            keyOf={([name]) => name}
            empty={text.none}
            columns={[
              { label: words.limit, heads: true, cell: ([name]) => words.names[name] ?? name },
              {
                label: words.now,
                numeric: true,
                cell: ([name]) => {
                  const now = name in data.now ? data.now[name as keyof Usage] : undefined;
                  return now === undefined ? "" : formats.value.count(now);
                },
              },
              {
                label: words.most,
                numeric: true,
                cell: ([, value]) => (value === null ? words.unlimited : formats.value.count(value)),
              },
              ...(isRelayAdmin
                ? [
                    {
                      label: text.actions,
                      cell: ([name, value]: [keyof TenantLimits, number | null]) => (
                        <RowButton
                          label={text.change}
                          full={words.change(words.names[name] ?? name)}
                          onClick={() => change(name, value)}
                        />
                      ),
                    },
                  ]
                : []),
            ]}
          />
        )}
      />
    </Screen>
  );
}
