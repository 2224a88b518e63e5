/** @import { RelayApi } from "../api/relay-api.js" */
import { h } from "preact";
import { href } from "../state/route.js";
import { useLive } from "../state/use-live.js";
import { t } from "../text/text.js";
import { announce } from "../ui/announce.js";
import { FormDialog, showDialog } from "../ui/dialog.js";
import { a, button, p } from "../ui/dom.js";
import { TextField, written } from "../ui/field.js";
import { askBefore, RowButton } from "../ui/removal.js";
import { loaded, Screen } from "../ui/screen.js";
import { dataTable } from "../ui/table.js";
import { NAME_PATTERN } from "./names.js";

/**
 * Every tenant of the relay.
 *
 * @param {{ api: RelayApi }} props
 */
export function Tenants({ api }) {
  const text = t.value;
  const words = text.tenants;
  const tenants = useLive((signal) => api.tenants(signal), [api], 15_000);
  const create = () =>
    showDialog(
      h(FormDialog, {
        title: words.create,
        submit: text.create,
        body: h(TextField, {
          label: text.name,
          hint: text.nameHint,
          input: { name: "name", required: true, maxLength: 63, pattern: NAME_PATTERN },
        }),
        onSubmit: async (fields, signal) => {
          const name = written(fields, "name") ?? "";
          await api.createTenant(name, signal);
          announce(words.created(name));
          tenants.reload();
        },
      }),
    );
  /** @param {string} name */
  const remove = (name) =>
    askBefore({
      title: words.remove(name),
      submit: text.remove,
      body: [
        p(null, words.removeWarning),
        // Too much goes with it for a slip of the hand.
        h(TextField, {
          label: text.typeName(name),
          input: { name: "name", required: true, pattern: name },
        }),
      ],
      work: async (_fields, signal) => {
        await api.deleteTenant(name, signal);
        tenants.reload();
      },
      done: words.removed(name),
    });
  return h(
    Screen,
    {
      title: words.title,
      lead: words.lead,
      actions: button({ type: "button", class: "primary", onClick: create }, words.create),
    },
    loaded({
      live: tenants,
      show: ({ rows, more }) =>
        dataTable({
          caption: words.title,
          rows,
          more,
          keyOf: ({ name }) => name,
          empty: words.empty,
          columns: [
            {
              label: text.name,
              heads: true,
              sort: ({ name }) => name,
              cell: ({ name }) => a({ href: href({ screen: "networks", tenant: name }) }, name),
            },
            {
              label: text.actions,
              cell: ({ name }) =>
                h(RowButton, { label: text.remove, full: words.remove(name), onClick: () => remove(name) }),
            },
          ],
        }),
    }),
  );
}
