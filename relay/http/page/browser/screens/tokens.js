/** @import { Token } from "../api/answers.ts" */
/** @import { TenantApi } from "../api/tenant-api.js" */
import { h } from "preact";
import { useLive } from "../state/use-live.js";
import { t } from "../text/text.js";
import { FormDialog, showDialog } from "../ui/dialog.js";
import { button, code, p } from "../ui/dom.js";
import { CheckField, TextField, written } from "../ui/field.js";
import { askBefore, RowButton } from "../ui/removal.js";
import { loaded, Screen } from "../ui/screen.js";
import { dataTable } from "../ui/table.js";
import { Time } from "../ui/time.js";
import { ExpiryField, expiryOf } from "./expiry.js";
import { NetworkField, networkOf } from "./network-field.js";
import { NewSecretNotice } from "./new-secret.js";

/** @type {readonly ["dhcp-server", "router"]} */
const ROLES = ["dhcp-server", "router"];

/**
 * Tokens for scripts, gateways and labs.
 *
 * @param {{ tenant: string, api: TenantApi }} props
 */
export function Tokens({ tenant, api }) {
  const text = t.value;
  const words = text.tokens;
  const tokens = useLive((signal) => api.tokens(signal), [tenant], 15_000);
  const create = () =>
    showDialog(
      h(FormDialog, {
        title: words.create,
        submit: text.create,
        body: [
          h(TextField, { label: text.optional(words.name), input: { name: "name", maxLength: 256 } }),
          h(NetworkField, { api, all: words.allNetworks }),
          ROLES.map((role) =>
            h(CheckField, { key: role, label: words.roleNames[role], name: "role", value: role }),
          ),
          h(ExpiryField, { value: undefined, never: true }),
        ],
        onSubmit: async (fields, signal) => {
          const network = networkOf(fields);
          const request = {
            ...(network === undefined ? { all_networks: true } : { network }),
            name: written(fields, "name"),
            roles: fields.getAll("role"),
            expires_in: expiryOf(fields),
          };
          const { token } = await api.createSecret("tokens", request, signal);
          tokens.reload();
          return h(NewSecretNotice, { title: words.created, label: words.token, value: token });
        },
      }),
    );
  /** @param {Token} token */
  const revoke = ({ id, name }) =>
    askBefore({
      title: words.revoke(name ?? id),
      submit: text.revoke,
      body: p(null, words.revokeWarning),
      work: async (_fields, signal) => {
        await api.remove("tokens", id, signal);
        tokens.reload();
      },
      done: words.revoked(name ?? id),
    });
  return h(
    Screen,
    {
      title: words.title,
      lead: words.lead,
      actions: button({ type: "button", class: "primary", onClick: create }, words.create),
    },
    loaded({
      live: tokens,
      show: ({ rows, more }) =>
        dataTable({
          caption: words.title,
          rows,
          more,
          keyOf: ({ id }) => id,
          empty: words.empty,
          columns: [
            {
              label: words.name,
              heads: true,
              sort: ({ name }) => name ?? "",
              cell: ({ name }) => name ?? text.none,
            },
            {
              label: text.ofNetwork,
              cell: ({ networks, all_networks }) => (all_networks ? words.allNetworks : networks.join(", ")),
            },
            {
              label: words.roles,
              cell: ({ roles }) => roles.map((role) => words.roleNames[role]).join(", ") || text.none,
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
              cell: (token) =>
                h(RowButton, {
                  label: text.revoke,
                  full: words.revoke(token.name ?? token.id),
                  onClick: () => revoke(token),
                }),
            },
          ],
        }),
    }),
  );
}
