import { CheckField, SelectField, TextField } from "../../../../shared/ui/field.tsx";
import { written, writtenNumber } from "../../../../shared/ui/form.tsx";
import type { TenantApi } from "../api/tenant-api.ts";
import { announcer } from "../state/announcer.ts";
import { go, href } from "../state/route.ts";
import { formats, t } from "../state/text.ts";
import { useLive } from "../state/use-live.ts";
import { FormDialog, showDialog } from "../ui/dialog.tsx";
import { ListScreen } from "../ui/list-screen.tsx";
import { askBefore, RowButton } from "../ui/removal.tsx";
import { NAME_PATTERN } from "./fields/names.ts";

/** The screen of a tenant's networks. */
export function Networks({
  tenant,
  api,
  isRelayAdmin,
}: {
  tenant: string;
  api: TenantApi;
  isRelayAdmin: boolean;
}) {
  const text = t.value;
  const words = text.networks;
  const networks = useLive((signal) => api.networks(signal), [tenant], 15_000);
  const create = () => showDialog(<CreateNetwork tenant={tenant} api={api} isRelayAdmin={isRelayAdmin} />);

  const remove = (name: string) =>
    askBefore({
      title: words.remove(name),
      submit: text.remove,
      body: <p>{words.removeWarning}</p>,
      work: async (_fields, signal) => {
        await api.remove("networks", name, signal);
        networks.reload();
      },
      done: words.removed(name),
    });
  return (
    <ListScreen
      words={words}
      lead={words.lead(tenant)}
      live={networks}
      create={create}
      keyOf={({ name }) => name}
      columns={[
        {
          label: text.name,
          heads: true,
          sort: ({ name }) => name,
          cell: ({ name }) => (
            <a href={href({ screen: "network", tenant, network: name, tab: "members" })}>{name}</a>
          ),
        },
        {
          label: "VNI",
          numeric: true,
          sort: ({ vni }) => vni,
          cell: ({ vni }) => <code>{String(vni)}</code>,
        },
        {
          label: words.subnet,
          sort: ({ subnet }) => subnet ?? "",
          cell: ({ subnet }) => (subnet === null ? text.none : <code>{subnet}</code>),
        },
        { label: words.mode, cell: ({ mode }) => words.modes[mode] },
        {
          label: "MTU",
          numeric: true,
          sort: ({ mtu }) => mtu,
          cell: ({ mtu }) => formats.value.count(mtu),
        },
        {
          label: text.actions,
          cell: ({ name }) => (
            <RowButton label={text.remove} full={words.remove(name)} onClick={() => remove(name)} />
          ),
        },
      ]}
    />
  );
}

function CreateNetwork({
  tenant,
  api,
  isRelayAdmin,
}: {
  tenant: string;
  api: TenantApi;
  isRelayAdmin: boolean;
}) {
  const text = t.value;
  const words = text.networks;
  return (
    <FormDialog
      title={words.create}
      submit={text.create}
      body={[
        <TextField
          label={text.name}
          hint={text.nameHint}
          name="name"
          required
          maxLength={63}
          pattern={NAME_PATTERN}
        />,
        <TextField
          label={text.optional(words.subnet)}
          hint={words.subnetHint}
          name="subnet"
          class="mono"
          placeholder="10.20.0.0/24"
        />,
        <CheckField label={words.addresses} name="addresses" checked hint={words.addressesHint} />,
        <SelectField
          label={words.mode}
          name="mode"
          hint={words.modeHint}
          options={[
            ["switch", words.modes.switch],
            ["wire", words.modes.wire],
          ]}
        />,
        <TextField label="MTU" name="mtu" type="number" min={576} max={65_521} defaultValue={1500} />,
        // Hidden from others because a VNI in use would reveal other tenants' networks.
        isRelayAdmin && (
          <TextField
            label={text.optional("VNI")}
            hint={words.vniHint}
            name="vni"
            type="number"
            min={1}
            max={16_777_215}
          />
        ),
      ]}
      onSubmit={async (fields, signal) => {
        const subnet = written(fields, "subnet");
        const { name } = await api.createNetwork(
          {
            name: written(fields, "name") ?? "",
            subnet,
            addresses: subnet !== undefined && fields.has("addresses"),
            mode: written(fields, "mode") === "wire" ? "wire" : "switch",
            mtu: writtenNumber(fields, "mtu"),
            vni: writtenNumber(fields, "vni"),
          },
          signal,
        );
        announcer.say(words.created(name));
        go({ screen: "network", tenant, network: name, tab: "members" });
      }}
    />
  );
}
