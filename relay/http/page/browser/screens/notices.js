/** @import { TenantApi } from "../api/tenant-api.js" */
import { h } from "preact";
import { useLive } from "../state/use-live.js";
import { number } from "../text/format.js";
import { t } from "../text/text.js";
import { code, div, span } from "../ui/dom.js";
import { loaded, Screen } from "../ui/screen.js";
import { dataTable } from "../ui/table.js";
import { Time } from "../ui/time.js";

/**
 * Limits that were reached, and what the hub noticed.
 *
 * @param {{ tenant: string, api: TenantApi }} props
 */
export function Notices({ tenant, api }) {
  const text = t.value;
  const words = text.notices;
  const notices = useLive((signal) => api.notices(signal), [tenant], 5_000);
  return h(
    Screen,
    { title: words.title, lead: words.lead(tenant) },
    loaded({
      live: notices,
      show: ({ rows, more }) =>
        dataTable({
          caption: words.title,
          rows,
          more,
          keyOf: ({ code: key, network }) => `${key} ${network}`,
          empty: words.empty,
          columns: [
            {
              label: words.last,
              sort: ({ last_at }) => last_at,
              cell: ({ last_at }) => h(Time, { time: last_at }),
            },
            { label: text.ofNetwork, cell: ({ network }) => network ?? words.wholeTenant },
            {
              label: words.what,
              heads: true,
              sort: ({ code: key }) => key,
              cell: ({ code: key, message, hint }) =>
                // The relay's own words.
                div(
                  { lang: "en" },
                  code(null, key),
                  " ",
                  message,
                  hint && span({ class: "hint" }, ` ${hint}`),
                ),
            },
            {
              label: words.times,
              numeric: true,
              sort: ({ count }) => count,
              cell: ({ count }) => number(count),
            },
          ],
        }),
    }),
  );
}
