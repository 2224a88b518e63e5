import type { Device } from "../../../../shared/api/resources/device.ts";
import { StateMark } from "../../../../shared/ui/state-mark.tsx";
import type { TenantApi } from "../api/tenant-api.ts";
import { t } from "../state/text.ts";
import { useLive } from "../state/use-live.ts";
import { ListScreen } from "../ui/list-screen.tsx";
import { askBefore, RowButton } from "../ui/removal.tsx";
import { Time } from "../ui/time.tsx";

/** The screen of a tenant's enrolled devices. */
export function Devices({ tenant, api }: { tenant: string; api: TenantApi }) {
  const text = t.value;
  const words = text.devices;
  const devices = useLive((signal) => api.devices(signal), [tenant], 3_000);

  const revoke = ({ id, name }: Device) =>
    askBefore({
      title: words.revoke(name),
      submit: text.revoke,
      body: <p>{words.revokeWarning}</p>,
      work: async (_fields, signal) => {
        await api.remove("devices", id, signal);
        devices.reload();
      },
      done: words.revoked(name),
    });
  return (
    <ListScreen
      words={words}
      lead={words.lead}
      live={devices}
      keyOf={({ id }) => id}
      columns={[
        { label: text.name, heads: true, sort: ({ name }) => name, cell: ({ name }) => name },
        {
          label: text.state,
          sort: ({ online }) => (online ? 0 : 1),
          cell: ({ online }) => (
            <StateMark tone={online ? "good" : "idle"}>{online ? text.online : text.offline}</StateMark>
          ),
        },
        { label: words.networks, cell: ({ networks }) => networks.join(", ") || text.none },
        {
          label: words.lastSeen,
          sort: ({ last_seen }) => last_seen ?? "",
          cell: ({ last_seen, online }) => (online ? text.now : <Time time={last_seen} none={text.never} />),
        },
        {
          label: text.created,
          sort: ({ created_at }) => created_at,
          cell: ({ created_at }) => <Time time={created_at} />,
        },
        { label: text.id, cell: ({ id }) => <code>{id}</code> },
        {
          label: text.actions,
          cell: (device) => (
            <RowButton label={text.revoke} full={words.revoke(device.name)} onClick={() => revoke(device)} />
          ),
        },
      ]}
    />
  );
}
