/** @import { TenantApi } from "../api/tenant-api.js" */
import { h } from "preact";
import { go, href } from "../state/route.js";
import { useLive } from "../state/use-live.js";
import { number } from "../text/format.js";
import { t } from "../text/text.js";
import { announce } from "../ui/announce.js";
import { FormDialog, showDialog } from "../ui/dialog.js";
import { a, button, code, p } from "../ui/dom.js";
import { CheckField, SelectField, TextField, written, writtenNumber } from "../ui/field.js";
import { askBefore, RowButton } from "../ui/removal.js";
import { loaded, Screen } from "../ui/screen.js";
import { dataTable } from "../ui/table.js";
import { NAME_PATTERN } from "./names.js";

/**
 * A tenant's networks.
 *
 * @param {{ tenant: string, api: TenantApi, isRelayAdmin: boolean }} props
 */
export function Networks({ tenant, api, isRelayAdmin }) {
  const text = t.value;
  const words = text.networks;
  const networks = useLive((signal) => api.networks(signal), [tenant], 15_000);
  const create = () => showDialog(h(CreateNetwork, { tenant, api, isRelayAdmin }));
  /** @param {string} name */
  const remove = (name) =>
    askBefore({
      title: words.remove(name),
      submit: text.remove,
      body: p(null, words.removeWarning),
      work: async (_fields, signal) => {
        await api.remove("networks", name, signal);
        networks.reload();
      },
      done: words.removed(name),
    });
  return h(
    Screen,
    {
      title: words.title,
      lead: words.lead(tenant),
      actions: button({ type: "button", class: "primary", onClick: create }, words.create),
    },
    loaded({
      live: networks,
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
              cell: ({ name }) =>
                a({ href: href({ screen: "network", tenant, network: name, tab: "members" }) }, name),
            },
            {
              label: "VNI",
              numeric: true,
              sort: ({ vni }) => vni,
              cell: ({ vni }) => code(null, String(vni)),
            },
            {
              label: words.subnet,
              sort: ({ subnet }) => subnet ?? "",
              cell: ({ subnet }) => (subnet === null ? text.none : code(null, subnet)),
            },
            { label: words.mode, cell: ({ mode }) => words.modes[mode] },
            { label: "MTU", numeric: true, sort: ({ mtu }) => mtu, cell: ({ mtu }) => number(mtu) },
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

/** @param {{ tenant: string, api: TenantApi, isRelayAdmin: boolean }} props */
function CreateNetwork({ tenant, api, isRelayAdmin }) {
  const text = t.value;
  const words = text.networks;
  return h(FormDialog, {
    title: words.create,
    submit: text.create,
    body: [
      h(TextField, {
        label: text.name,
        hint: text.nameHint,
        input: { name: "name", required: true, maxLength: 63, pattern: NAME_PATTERN },
      }),
      h(TextField, {
        label: text.optional(words.subnet),
        hint: words.subnetHint,
        input: { name: "subnet", class: "mono", placeholder: "10.20.0.0/24" },
      }),
      h(CheckField, { label: words.addresses, name: "addresses", checked: true, hint: words.addressesHint }),
      h(SelectField, {
        label: words.mode,
        name: "mode",
        hint: words.modeHint,
        options: [
          ["switch", words.modes.switch],
          ["wire", words.modes.wire],
        ],
      }),
      h(TextField, {
        label: "MTU",
        input: { name: "mtu", type: "number", min: 576, max: 65_521, defaultValue: 1500 },
      }),
      // Which numbers are taken would tell of other tenants.
      isRelayAdmin &&
        h(TextField, {
          label: text.optional("VNI"),
          hint: words.vniHint,
          input: { name: "vni", type: "number", min: 1, max: 16_777_215 },
        }),
    ],
    onSubmit: async (fields, signal) => {
      const subnet = written(fields, "subnet");
      const { name } = await api.createNetwork(
        {
          name: written(fields, "name"),
          subnet,
          addresses: subnet !== undefined && fields.has("addresses"),
          mode: written(fields, "mode"),
          mtu: writtenNumber(fields, "mtu"),
          vni: writtenNumber(fields, "vni"),
        },
        signal,
      );
      announce(words.created(name));
      go({ screen: "network", tenant, network: name, tab: "members" });
    },
  });
}
