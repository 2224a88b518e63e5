import type { Admin } from "../../../../shared/api/resources/admin.ts";
import { TextField } from "../../../../shared/ui/field.tsx";
import { written } from "../../../../shared/ui/form.tsx";
import type { TenantApi } from "../api/tenant-api.ts";
import { t } from "../state/text.ts";
import { useLive } from "../state/use-live.ts";
import { FormDialog, showDialog } from "../ui/dialog.tsx";
import { ListScreen } from "../ui/list-screen.tsx";
import { askBefore, RowButton } from "../ui/removal.tsx";
import { Time } from "../ui/time.tsx";
import { ExpiryField, expiryOf } from "./fields/expiry.tsx";
import { NewSecretNotice } from "./new-secret.tsx";

/** The screen of a tenant's administrators, for the relay's administrator only. */
export function Admins({ tenant, api }: { tenant: string; api: TenantApi }) {
  const text = t.value;
  const words = text.admins;
  const admins = useLive((signal) => api.admins(signal), [tenant], 15_000);
  const create = () =>
    showDialog(
      <FormDialog
        title={words.create}
        submit={text.create}
        body={[
          <TextField label={text.name} name="name" maxLength={256} required />,
          <ExpiryField value={undefined} never />,
        ]}
        onSubmit={async (fields, signal) => {
          const request = { name: written(fields, "name"), expires_in: expiryOf(fields) };
          const { token } = await api.createAdmin(request, signal);
          admins.reload();
          return <NewSecretNotice title={words.created} label={words.token} value={token} />;
        }}
      />,
    );

  const revoke = ({ id, name }: Admin) =>
    askBefore({
      title: words.revoke(name ?? id),
      submit: text.revoke,
      body: <p>{words.revokeWarning}</p>,
      work: async (_fields, signal) => {
        await api.remove("admins", id, signal);
        admins.reload();
      },
      done: words.revoked(name ?? id),
    });
  return (
    <ListScreen
      words={words}
      lead={words.lead(tenant)}
      live={admins}
      create={create}
      keyOf={({ id }) => id}
      columns={[
        {
          label: text.name,
          heads: true,
          sort: ({ name }) => name ?? "",
          cell: ({ name }) => name ?? text.none,
        },
        {
          label: text.expires,
          sort: ({ expires_at }) => expires_at ?? "9",
          cell: ({ expires_at }) => <Time time={expires_at} none={text.never} />,
        },
        {
          label: text.created,
          sort: ({ created_at }) => created_at,
          cell: ({ created_at }) => <Time time={created_at} />,
        },
        { label: text.id, cell: ({ id }) => <code>{id}</code> },
        {
          label: text.actions,
          cell: (admin) => (
            <RowButton
              label={text.revoke}
              full={words.revoke(admin.name ?? admin.id)}
              onClick={() => revoke(admin)}
            />
          ),
        },
      ]}
    />
  );
}
