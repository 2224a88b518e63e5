/** @import { Invite, NewInvite } from "../api/answers.ts" */
/** @import { TenantApi } from "../api/tenant-api.js" */
import { h } from "preact";
import { useLive } from "../state/use-live.js";
import { number } from "../text/format.js";
import { t } from "../text/text.js";
import { FormDialog, Notice, showDialog } from "../ui/dialog.js";
import { button, code, div, p } from "../ui/dom.js";
import { CheckField, TextField, writtenNumber } from "../ui/field.js";
import { QrCode } from "../ui/qr-code.js";
import { askBefore, RowButton } from "../ui/removal.js";
import { loaded, Screen } from "../ui/screen.js";
import { Secret } from "../ui/secret.js";
import { dataTable } from "../ui/table.js";
import { Time } from "../ui/time.js";
import { ExpiryField, expiryOf } from "./expiry.js";
import { NetworkField, networkOf } from "./network-field.js";

/**
 * Links that let machines in.
 *
 * @param {{ tenant: string, api: TenantApi }} props
 */
export function Invites({ tenant, api }) {
  const text = t.value;
  const words = text.invites;
  const invites = useLive((signal) => api.invites(signal), [tenant], 10_000);
  const create = () =>
    showDialog(
      h(FormDialog, {
        title: words.create,
        submit: text.create,
        body: [
          h(NetworkField, { api }),
          h(TextField, {
            label: words.uses,
            hint: words.usesHint,
            input: {
              name: "uses",
              type: "number",
              min: 1,
              max: 1_000_000_000,
              defaultValue: 1,
              required: true,
            },
          }),
          h(ExpiryField, { value: 7 * 86_400 }),
        ],
        onSubmit: async (fields, signal) => {
          const request = {
            network: networkOf(fields),
            uses: writtenNumber(fields, "uses"),
            expires_in: expiryOf(fields),
          };
          const made = await api.createInvite(request, signal);
          invites.reload();
          return h(NewInviteNotice, { invite: made });
        },
      }),
    );
  /** @param {Invite} invite */
  const revoke = ({ id, used }) =>
    askBefore({
      title: words.revoke(id),
      submit: text.revoke,
      body: [
        p(null, words.revokeWarning),
        used > 0 && h(CheckField, { label: words.keepDevices(number(used)), name: "keep" }),
      ],
      work: async (fields, signal) => {
        await api.revokeInvite(id, !fields.has("keep"), signal);
        invites.reload();
      },
      done: words.revoked(id),
    });
  return h(
    Screen,
    {
      title: words.title,
      lead: words.lead,
      actions: button({ type: "button", class: "primary", onClick: create }, words.create),
    },
    loaded({
      live: invites,
      show: ({ rows, more }) =>
        dataTable({
          caption: words.title,
          rows,
          more,
          keyOf: ({ id }) => id,
          empty: words.empty,
          columns: [
            { label: text.id, heads: true, cell: ({ id }) => code(null, id) },
            { label: text.ofNetwork, sort: ({ network }) => network, cell: ({ network }) => network },
            {
              label: words.used,
              numeric: true,
              sort: ({ used }) => used,
              cell: ({ used, uses }) => words.usedOf(number(used), number(uses)),
            },
            {
              label: text.expires,
              sort: ({ expires_at }) => expires_at,
              cell: ({ expires_at }) => h(Time, { time: expires_at }),
            },
            {
              label: text.created,
              sort: ({ created_at }) => created_at,
              cell: ({ created_at }) => h(Time, { time: created_at }),
            },
            {
              label: text.actions,
              cell: (invite) =>
                h(RowButton, {
                  label: text.revoke,
                  full: words.revoke(invite.id),
                  onClick: () => revoke(invite),
                }),
            },
          ],
        }),
    }),
  );
}

/** @param {{ invite: NewInvite }} props */
function NewInviteNotice({ invite: { link, app_link } }) {
  const words = t.value.invites;
  return h(Notice, {
    title: words.created,
    body: div(
      { class: "invite" },
      div(
        null,
        p(null, words.createdHint),
        h(Secret, { label: words.link, value: link }),
        app_link !== null && h(Secret, { label: words.appLink, value: app_link }),
      ),
      h(QrCode, { text: link, label: words.qrCode }),
    ),
  });
}
