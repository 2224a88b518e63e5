import type { Token } from "../../../../shared/api/resources/token.ts";
import { CheckField, TextField } from "../../../../shared/ui/field.tsx";
import { written } from "../../../../shared/ui/form.tsx";
import type { TenantApi } from "../api/tenant-api.ts";
import { t } from "../state/text.ts";
import { useLive } from "../state/use-live.ts";
import { FormDialog, showDialog } from "../ui/dialog.tsx";
import { ListScreen } from "../ui/list-screen.tsx";
import { askBefore, RowButton } from "../ui/removal.tsx";
import { Time } from "../ui/time.tsx";
import { ExpiryField, expiryOf } from "./fields/expiry.tsx";
import { NetworkField, networkOf } from "./fields/network-field.tsx";
import { NewSecretNotice } from "./new-secret.tsx";

const ROLES: readonly ["dhcp-server", "router"] = ["dhcp-server", "router"];

/** The screen of tokens for scripts, gateways and labs. */
export function Tokens({ tenant, api }: { tenant: string; api: TenantApi }) {
  const text = t.value;
  const words = text.tokens;
  const tokens = useLive((signal) => api.tokens(signal), [tenant], 15_000);
  const create = () =>
    showDialog(
      <FormDialog
        title={words.create}
        submit={text.create}
        body={[
          <TextField label={text.optional(words.name)} name="name" maxLength={256} />,
          <NetworkField api={api} all={words.allNetworks} />,
          ROLES.map((role) => (
            <CheckField key={role} label={words.roleNames[role]} name="role" value={role} />
          )),
          <ExpiryField value={undefined} never />,
        ]}
        onSubmit={async (fields, signal) => {
          const network = networkOf(fields);
          const request = {
            ...(network === undefined ? { all_networks: true as const } : { network }),
            name: written(fields, "name"),
            roles: ROLES.filter((role) => fields.getAll("role").includes(role)),
            expires_in: expiryOf(fields),
          };
          const { token } = await api.createToken(request, signal);
          tokens.reload();
          return <NewSecretNotice title={words.created} label={words.token} value={token} />;
        }}
      />,
    );

  const revoke = ({ id, name }: Token) =>
    askBefore({
      title: words.revoke(name ?? id),
      submit: text.revoke,
      body: <p>{words.revokeWarning}</p>,
      work: async (_fields, signal) => {
        await api.remove("tokens", id, signal);
        tokens.reload();
      },
      done: words.revoked(name ?? id),
    });
  return (
    <ListScreen
      words={words}
      lead={words.lead}
      live={tokens}
      create={create}
      keyOf={({ id }) => id}
      columns={[
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
          cell: (token) => (
            <RowButton
              label={text.revoke}
              full={words.revoke(token.name ?? token.id)}
              onClick={() => revoke(token)}
            />
          ),
        },
      ]}
    />
  );
}
