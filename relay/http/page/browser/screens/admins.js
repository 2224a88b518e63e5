/** @import { Admin } from "../api/answers.ts" */
/** @import { TenantApi } from "../api/tenant-api.js" */
import { h } from "preact";
import { useLive } from "../state/use-live.js";
import { t } from "../text/text.js";
import { FormDialog, showDialog } from "../ui/dialog.js";
import { button, code, p } from "../ui/dom.js";
import { TextField, written } from "../ui/field.js";
import { askBefore, RowButton } from "../ui/removal.js";
import { loaded, Screen } from "../ui/screen.js";
import { dataTable } from "../ui/table.js";
import { Time } from "../ui/time.js";
import { ExpiryField, expiryOf } from "./expiry.js";
import { NewSecretNotice } from "./new-secret.js";

/**
 * Who administers the tenant, for the relay's administrator alone.
 *
 * @param {{ tenant: string, api: TenantApi }} props
 */
export function Admins({ tenant, api }) {
  const text = t.value;
  const words = text.admins;
  const admins = useLive((signal) => api.admins(signal), [tenant], 15_000);
  const create = () =>
    showDialog(
      h(FormDialog, {
        title: words.create,
        submit: text.create,
        body: [
          h(TextField, { label: text.name, input: { name: "name", maxLength: 256, required: true } }),
          h(ExpiryField, { value: undefined, never: true }),
        ],
        onSubmit: async (fields, signal) => {
          const request = { name: written(fields, "name"), expires_in: expiryOf(fields) };
          const { token } = await api.createSecret("admins", request, signal);
          admins.reload();
          return h(NewSecretNotice, { title: words.created, label: words.token, value: token });
        },
      }),
    );
  /** @param {Admin} admin */
  const revoke = ({ id, name }) =>
    askBefore({
      title: words.revoke(name ?? id),
      submit: text.revoke,
      body: p(null, words.revokeWarning),
      work: async (_fields, signal) => {
        await api.remove("admins", id, signal);
        admins.reload();
      },
      done: words.revoked(name ?? id),
    });
  return h(
    Screen,
    {
      title: words.title,
      lead: words.lead(tenant),
      actions: button({ type: "button", class: "primary", onClick: create }, words.create),
    },
    loaded({
      live: admins,
      show: ({ rows, more }) =>
        dataTable({
          caption: words.title,
          rows,
          more,
          keyOf: ({ id }) => id,
          empty: words.empty,
          columns: [
            {
              label: text.name,
              heads: true,
              sort: ({ name }) => name ?? "",
              cell: ({ name }) => name ?? text.none,
            },
            {
              label: text.expires,
              sort: ({ expires_at }) => expires_at ?? "9",
              cell: ({ expires_at }) => h(Time, { time: expires_at, none: text.never }),
            },
            {
              label: text.created,
              sort: ({ created_at }) => created_at,
              cell: ({ created_at }) => h(Time, { time: created_at }),
            },
            { label: text.id, cell: ({ id }) => code(null, id) },
            {
              label: text.actions,
              cell: (admin) =>
                h(RowButton, {
                  label: text.revoke,
                  full: words.revoke(admin.name ?? admin.id),
                  onClick: () => revoke(admin),
                }),
            },
          ],
        }),
    }),
  );
}
