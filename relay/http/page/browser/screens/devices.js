/** @import { Device } from "../api/answers.ts" */
/** @import { TenantApi } from "../api/tenant-api.js" */
import { h } from "preact";
import { useLive } from "../state/use-live.js";
import { t } from "../text/text.js";
import { code, p } from "../ui/dom.js";
import { askBefore, RowButton } from "../ui/removal.js";
import { loaded, Screen } from "../ui/screen.js";
import { State } from "../ui/state.js";
import { dataTable } from "../ui/table.js";
import { Time } from "../ui/time.js";

/**
 * The machines that came in by invites.
 *
 * @param {{ tenant: string, api: TenantApi }} props
 */
export function Devices({ tenant, api }) {
  const text = t.value;
  const words = text.devices;
  const devices = useLive((signal) => api.devices(signal), [tenant], 3_000);
  /** @param {Device} device */
  const revoke = ({ id, name }) =>
    askBefore({
      title: words.revoke(name),
      submit: text.revoke,
      body: p(null, words.revokeWarning),
      work: async (_fields, signal) => {
        await api.remove("devices", id, signal);
        devices.reload();
      },
      done: words.revoked(name),
    });
  return h(
    Screen,
    { title: words.title, lead: words.lead },
    loaded({
      live: devices,
      show: ({ rows, more }) =>
        dataTable({
          caption: words.title,
          rows,
          more,
          keyOf: ({ id }) => id,
          empty: words.empty,
          columns: [
            { label: text.name, heads: true, sort: ({ name }) => name, cell: ({ name }) => name },
            {
              label: text.state,
              sort: ({ online }) => (online ? 0 : 1),
              cell: ({ online }) =>
                h(State, { kind: online ? "good" : "idle", label: online ? text.online : text.offline }),
            },
            { label: words.networks, cell: ({ networks }) => networks.join(", ") || text.none },
            {
              label: words.lastSeen,
              sort: ({ last_seen }) => last_seen ?? "",
              cell: ({ last_seen, online }) =>
                online ? text.now : h(Time, { time: last_seen, none: text.never }),
            },
            {
              label: text.created,
              sort: ({ created_at }) => created_at,
              cell: ({ created_at }) => h(Time, { time: created_at }),
            },
            { label: text.id, cell: ({ id }) => code(null, id) },
            {
              label: text.actions,
              cell: (device) =>
                h(RowButton, {
                  label: text.revoke,
                  full: words.revoke(device.name),
                  onClick: () => revoke(device),
                }),
            },
          ],
        }),
    }),
  );
}
