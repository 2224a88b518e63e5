import type { Invite, MadeInvite } from "../../../../shared/api/resources/invite.ts";
import { CheckField, TextField } from "../../../../shared/ui/field.tsx";
import { writtenNumber } from "../../../../shared/ui/form.tsx";
import type { TenantApi } from "../api/tenant-api.ts";
import { formats, t } from "../state/text.ts";
import { useLive } from "../state/use-live.ts";
import { FormDialog, Notice, showDialog } from "../ui/dialog.tsx";
import { ListScreen } from "../ui/list-screen.tsx";
import { QrCode } from "../ui/qr-code.tsx";
import { askBefore, RowButton } from "../ui/removal.tsx";
import { Secret } from "../ui/secret.tsx";
import { Time } from "../ui/time.tsx";
import { ExpiryField, expiryOf } from "./fields/expiry.tsx";
import { NetworkField, networkOf } from "./fields/network-field.tsx";

/** The screen of a tenant's invites. */
export function Invites({ tenant, api }: { tenant: string; api: TenantApi }) {
  const text = t.value;
  const words = text.invites;
  const invites = useLive((signal) => api.invites(signal), [tenant], 10_000);
  const create = () =>
    showDialog(
      <FormDialog
        title={words.create}
        submit={text.create}
        body={[
          <NetworkField api={api} />,
          <TextField
            label={text.inviteUses}
            hint={words.usesHint}
            name="uses"
            type="number"
            min={1}
            max={1_000_000_000}
            defaultValue={1}
            required
          />,
          <ExpiryField value={7 * 86_400} />,
        ]}
        onSubmit={async (fields, signal) => {
          const request = {
            network: networkOf(fields) ?? "",
            uses: writtenNumber(fields, "uses"),
            expires_in: expiryOf(fields),
          };
          const made = await api.createInvite(request, signal);
          invites.reload();
          return <NewInviteNotice invite={made} />;
        }}
      />,
    );

  const revoke = ({ id, used }: Invite) =>
    askBefore({
      title: words.revoke(id),
      submit: text.revoke,
      body: [
        <p>{words.revokeWarning}</p>,
        used > 0 && <CheckField label={words.keepDevices(formats.value.count(used))} name="keep" />,
      ],
      work: async (fields, signal) => {
        await api.revokeInvite(id, !fields.has("keep"), signal);
        invites.reload();
      },
      done: words.revoked(id),
    });
  return (
    <ListScreen
      words={words}
      lead={words.lead}
      live={invites}
      create={create}
      keyOf={({ id }) => id}
      columns={[
        { label: text.id, heads: true, cell: ({ id }) => <code>{id}</code> },
        { label: text.ofNetwork, sort: ({ network }) => network, cell: ({ network }) => network },
        {
          label: words.used,
          numeric: true,
          sort: ({ used }) => used,
          cell: ({ used, uses }) => words.usedOf(formats.value.count(used), formats.value.count(uses)),
        },
        {
          label: text.expires,
          sort: ({ expires_at }) => expires_at,
          cell: ({ expires_at }) => <Time time={expires_at} />,
        },
        {
          label: text.created,
          sort: ({ created_at }) => created_at,
          cell: ({ created_at }) => <Time time={created_at} />,
        },
        {
          label: text.actions,
          cell: (invite) => (
            <RowButton label={text.revoke} full={words.revoke(invite.id)} onClick={() => revoke(invite)} />
          ),
        },
      ]}
    />
  );
}

function NewInviteNotice({ invite: { link, app_link } }: { invite: MadeInvite }) {
  const text = t.value;
  const words = text.invites;
  return (
    <Notice
      title={words.created}
      body={
        <div class="invite">
          <div>
            <p>{text.inviteOnce}</p>
            <Secret label={text.inviteLink} value={link} />
            {app_link !== null && <Secret label={words.appLink} value={app_link} />}
          </div>
          <QrCode text={link} label={words.qrCode} />
        </div>
      }
    />
  );
}
