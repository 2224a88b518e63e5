/** @import { Limits } from "../api/answers.ts" */
/** @import { TenantApi } from "../api/tenant-api.js" */
import { h } from "preact";
import { useLive } from "../state/use-live.js";
import { number } from "../text/format.js";
import { t } from "../text/text.js";
import { announce } from "../ui/announce.js";
import { FormDialog, showDialog } from "../ui/dialog.js";
import { TextField, writtenNumber } from "../ui/field.js";
import { RowButton } from "../ui/removal.js";
import { loaded, Screen } from "../ui/screen.js";
import { dataTable } from "../ui/table.js";

/**
 * How much a tenant may have.
 *
 * @param {{ tenant: string, api: TenantApi, isRelayAdmin: boolean }} props
 */
export function LimitsScreen({ tenant, api, isRelayAdmin }) {
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
  /**
   * @param {keyof Limits} name
   * @param {number | null} value
   */
  const change = (name, value) =>
    showDialog(
      h(FormDialog, {
        title: words.change(words.names[name] ?? name),
        submit: text.save,
        body: h(TextField, {
          label: words.names[name] ?? name,
          hint: words.changeHint,
          input: { name: "value", type: "number", min: 0, max: 1_000_000_000, defaultValue: value ?? "" },
        }),
        onSubmit: async (fields, signal) => {
          await api.changeLimits({ [name]: writtenNumber(fields, "value") ?? null }, signal);
          announce(text.saved);
          limits.reload();
        },
      }),
    );
  return h(
    Screen,
    { title: words.title, lead: isRelayAdmin ? words.lead(tenant) : words.leadTenant },
    loaded({
      live: limits,
      show: (data) =>
        dataTable({
          caption: words.title,
          rows: /** @type {[keyof Limits, number | null][]} */ (Object.entries(data.most)),
          keyOf: ([name]) => name,
          empty: text.none,
          columns: [
            { label: words.limit, heads: true, cell: ([name]) => words.names[name] ?? name },
            {
              label: words.now,
              numeric: true,
              cell: ([name]) => {
                const now = data.now[name];
                return now === undefined ? "" : number(now);
              },
            },
            {
              label: words.most,
              numeric: true,
              cell: ([, value]) => (value === null ? words.unlimited : number(value)),
            },
            ...(isRelayAdmin
              ? [
                  {
                    label: text.actions,
                    cell: (/** @type {[keyof Limits, number | null]} */ [name, value]) =>
                      h(RowButton, {
                        label: text.change,
                        full: words.change(words.names[name] ?? name),
                        onClick: () => change(name, value),
                      }),
                  },
                ]
              : []),
          ],
        }),
    }),
  );
}
