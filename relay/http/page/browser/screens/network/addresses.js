/** @import { Address } from "../../api/answers.ts" */
/** @import { TabProps } from "./network-screen.js" */
import { h } from "preact";
import { useLive } from "../../state/use-live.js";
import { t } from "../../text/text.js";
import { announce } from "../../ui/announce.js";
import { FormDialog, showDialog } from "../../ui/dialog.js";
import { button, code, div, p } from "../../ui/dom.js";
import { SelectField, TextField, written } from "../../ui/field.js";
import { askBefore, RowButton } from "../../ui/removal.js";
import { loaded } from "../../ui/screen.js";
import { dataTable } from "../../ui/table.js";

/**
 * Addresses that are taken: given by the relay, fixed for a device, or kept free.
 *
 * @param {TabProps} props
 */
export function Addresses({ tenant, api, network }) {
  const text = t.value;
  const words = text.network;
  const about = [network.tenant, network.name];
  const addresses = useLive((signal) => api.addresses(signal), about, 10_000);
  const devices = useLive((signal) => tenant.devices(signal), about, 30_000);
  const mayJoin = (devices.data?.rows ?? []).filter(({ networks }) => networks.includes(network.name));
  const take = () =>
    showDialog(
      h(FormDialog, {
        title: words.takeAddress,
        submit: text.create,
        body: [
          h(TextField, { label: words.address, input: { name: "address", required: true, class: "mono" } }),
          h(SelectField, {
            label: words.forDevice,
            name: "device",
            options: [
              ["", words.keepFree],
              ...mayJoin.map(({ id, name }) => /** @type {const} */ ([id, name])),
            ],
          }),
        ],
        onSubmit: async (fields, signal) => {
          await api.takeAddress(written(fields, "address") ?? "", written(fields, "device"), signal);
          announce(text.saved);
          addresses.reload();
        },
      }),
    );
  /** @param {Address} address */
  const release = ({ id, address }) =>
    askBefore({
      title: words.releaseAddress(address),
      submit: words.release,
      body: p(null, words.releaseWarning),
      work: async (_fields, signal) => {
        await api.releaseAddress(id, signal);
        addresses.reload();
      },
      done: words.released(address),
    });
  return [
    network.addresses &&
      div({ class: "tools" }, button({ type: "button", onClick: take }, words.takeAddress)),
    loaded({
      live: addresses,
      show: ({ rows, more }) =>
        dataTable({
          caption: words.tabs.addresses,
          rows,
          more,
          keyOf: ({ id }) => id,
          empty: network.addresses ? words.noAddresses : words.givesNone,
          columns: [
            {
              label: words.address,
              heads: true,
              sort: ({ address }) => address,
              cell: ({ address }) => code(null, address),
            },
            {
              label: words.kind,
              sort: ({ kind }) => kind,
              cell: ({ kind }) => words.addressKinds[kind] ?? kind,
            },
            {
              label: words.address6,
              sort: ({ address6 }) => address6 ?? "",
              cell: ({ address6 }) => (address6 === null ? text.none : code(null, address6)),
            },
            {
              label: words.device,
              cell: ({ device, mac }) =>
                devices.data?.rows.find(({ id }) => id === device)?.name ?? device ?? mac ?? text.none,
            },
            {
              label: text.actions,
              cell: (row) =>
                h(RowButton, {
                  label: words.release,
                  full: words.releaseAddress(row.address),
                  onClick: () => release(row),
                }),
            },
          ],
        }),
    }),
  ];
}
