import type { Address } from "../../../../../shared/api/resources/address.ts";
import { Button } from "../../../../../shared/ui/button.tsx";
import { SelectField, TextField } from "../../../../../shared/ui/field.tsx";
import { written } from "../../../../../shared/ui/form.tsx";
import { announcer } from "../../state/announcer.ts";
import { t } from "../../state/text.ts";
import { useLive } from "../../state/use-live.ts";
import { FormDialog, showDialog } from "../../ui/dialog.tsx";
import { askBefore, RowButton } from "../../ui/removal.tsx";
import { Loaded } from "../../ui/screen.tsx";
import { DataTable } from "../../ui/table.tsx";
import type { TabProps } from "./tab-props.ts";

/** The tab of used addresses: assigned by the relay, fixed for a device, or reserved. */
export function Addresses({ tenant, api, network }: TabProps) {
  const text = t.value;
  const words = text.network;
  const about = [network.tenant, network.name];
  const addresses = useLive((signal) => api.addresses(signal), about, 10_000);
  const devices = useLive((signal) => tenant.devices(signal), about, 30_000);
  const mayJoin = (devices.data?.rows ?? []).filter(({ networks }) => networks.includes(network.name));
  const take = () =>
    showDialog(
      <FormDialog
        title={words.takeAddress}
        submit={text.create}
        body={[
          <TextField label={words.address} name="address" required class="mono" />,
          <SelectField
            label={words.forDevice}
            name="device"
            options={[["", words.keepFree], ...mayJoin.map(({ id, name }) => [id, name] as const)]}
          />,
        ]}
        onSubmit={async (fields, signal) => {
          await api.takeAddress(written(fields, "address") ?? "", written(fields, "device"), signal);
          announcer.say(text.saved);
          addresses.reload();
        }}
      />,
    );

  const release = ({ id, address }: Address) =>
    askBefore({
      title: words.releaseAddress(address),
      submit: words.release,
      body: <p>{words.releaseWarning}</p>,
      work: async (_fields, signal) => {
        await api.releaseAddress(id, signal);
        addresses.reload();
      },
      done: words.released(address),
    });
  return [
    network.addresses && (
      <div class="tools">
        <Button onPress={take}>{words.takeAddress}</Button>
      </div>
    ),
    <Loaded
      live={addresses}
      show={({ rows, more }) => (
        <DataTable
          caption={words.tabs.addresses}
          rows={rows}
          more={more}
          keyOf={({ id }) => id}
          empty={network.addresses ? words.noAddresses : words.givesNone}
          columns={[
            {
              label: words.address,
              heads: true,
              sort: ({ address }) => address,
              cell: ({ address }) => <code>{address}</code>,
            },
            {
              label: words.kind,
              sort: ({ kind }) => kind,
              cell: ({ kind }) => words.addressKinds[kind] ?? kind,
            },
            {
              label: words.address6,
              sort: ({ address6 }) => address6 ?? "",
              cell: ({ address6 }) => (address6 === null ? text.none : <code>{address6}</code>),
            },
            {
              label: words.device,
              cell: ({ device, mac }) =>
                devices.data?.rows.find(({ id }) => id === device)?.name ?? device ?? mac ?? text.none,
            },
            {
              label: text.actions,
              cell: (row) => (
                <RowButton
                  label={words.release}
                  full={words.releaseAddress(row.address)}
                  onClick={() => release(row)}
                />
              ),
            },
          ]}
        />
      )}
    />,
  ];
}
