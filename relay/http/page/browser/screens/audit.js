/** @import { AuditEntry, Rows } from "../api/answers.ts" */
import { h } from "preact";
import { useState } from "preact/hooks";
import { useLive } from "../state/use-live.js";
import { dateTime, duration } from "../text/format.js";
import { t } from "../text/text.js";
import { code, div, time } from "../ui/dom.js";
import { SelectField, TextField } from "../ui/field.js";
import { loaded, Screen } from "../ui/screen.js";
import { dataTable } from "../ui/table.js";

const SINCE = [3_600, 86_400, 7 * 86_400, 30 * 86_400];

/**
 * Who did what, in a tenant or in the whole relay.
 *
 * @param {object} props
 * @param {string} [props.tenant]
 * @param {(since: number | undefined, signal: AbortSignal) => Promise<Rows<AuditEntry>>} props.load
 */
export function Audit({ tenant, load }) {
  const text = t.value;
  const words = text.audit;
  const [since, setSince] = useState(/** @type {number | undefined} */ (7 * 86_400));
  const [wanted, setWanted] = useState("");
  const entries = useLive((signal) => load(since, signal), [since], 10_000);
  /** @type {[string, string][]} */
  const options = SINCE.map((seconds) => [String(seconds), words.last(duration(seconds))]);
  return h(
    Screen,
    {
      title: tenant === undefined ? words.relayTitle : words.title,
      lead: tenant === undefined ? words.relayLead : words.lead(tenant),
    },
    div(
      { class: "filters" },
      h(SelectField, {
        label: words.period,
        name: "since",
        options: [...options, ["", words.all]],
        value: String(since ?? ""),
        onChange: (value) => setSince(value === "" ? undefined : Number(value)),
      }),
      h(TextField, {
        label: words.filter,
        input: { name: "filter", type: "search", onInput: (event) => setWanted(event.currentTarget.value) },
      }),
    ),
    loaded({
      live: entries,
      show: ({ rows, more }) =>
        dataTable({
          caption: tenant === undefined ? words.relayTitle : words.title,
          rows: rows.filter((entry) => matches(entry, wanted)),
          more,
          keyOf: (entry) => `${rows.length - rows.indexOf(entry)} ${entry.at}`,
          empty: words.empty,
          columns: [
            { label: words.at, heads: true, cell: ({ at }) => time({ dateTime: at }, dateTime(at)) },
            { label: words.actor, sort: ({ actor }) => actor, cell: ({ actor }) => actor },
            { label: words.action, sort: ({ action }) => action, cell: ({ action }) => code(null, action) },
            { label: words.object, sort: ({ object }) => object, cell: ({ object }) => object },
            ...(tenant === undefined
              ? [
                  {
                    label: text.tenant,
                    cell: (/** @type {AuditEntry} */ { tenant: of }) => of ?? text.none,
                  },
                ]
              : []),
            { label: words.from, sort: ({ from }) => from ?? "", cell: ({ from }) => from ?? text.none },
          ],
        }),
    }),
  );
}

/**
 * @param {AuditEntry} entry
 * @param {string} wanted
 */
function matches(entry, wanted) {
  const words = wanted.toLowerCase().split(/\s+/);
  const all = [entry.actor, entry.action, entry.object, entry.from, entry.tenant].join(" ").toLowerCase();
  return words.every((word) => all.includes(word));
}
