import { TextField } from "../../../../shared/ui/field.tsx";
import { written } from "../../../../shared/ui/form.tsx";
import type { RelayApi } from "../api/relay-api.ts";
import { announcer } from "../state/announcer.ts";
import { href } from "../state/route.ts";
import { t } from "../state/text.ts";
import { useLive } from "../state/use-live.ts";
import { FormDialog, showDialog } from "../ui/dialog.tsx";
import { ListScreen } from "../ui/list-screen.tsx";
import { askBefore, RowButton } from "../ui/removal.tsx";
import { NAME_PATTERN } from "./fields/names.ts";

/** The screen of all tenants. */
export function Tenants({ api }: { api: RelayApi }) {
  const text = t.value;
  const words = text.tenants;
  const tenants = useLive((signal) => api.tenants(signal), [api], 15_000);
  const create = () =>
    showDialog(
      <FormDialog
        title={words.create}
        submit={text.create}
        body={
          <TextField
            label={text.name}
            hint={text.nameHint}
            name="name"
            required
            maxLength={63}
            pattern={NAME_PATTERN}
          />
        }
        onSubmit={async (fields, signal) => {
          const name = written(fields, "name") ?? "";
          await api.createTenant(name, signal);
          announcer.say(words.created(name));
          tenants.reload();
        }}
      />,
    );

  const remove = (name: string) =>
    askBefore({
      title: words.remove(name),
      submit: text.remove,
      body: [
        <p>{words.removeWarning}</p>,
        // Asks for the name because deleting a tenant removes everything in it.
        <TextField label={text.typeName(name)} name="name" required pattern={name} />,
      ],
      work: async (_fields, signal) => {
        await api.deleteTenant(name, signal);
        tenants.reload();
      },
      done: words.removed(name),
    });
  return (
    <ListScreen
      words={words}
      lead={words.lead}
      live={tenants}
      create={create}
      keyOf={({ name }) => name}
      columns={[
        {
          label: text.name,
          heads: true,
          sort: ({ name }) => name,
          cell: ({ name }) => <a href={href({ screen: "networks", tenant: name })}>{name}</a>,
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
