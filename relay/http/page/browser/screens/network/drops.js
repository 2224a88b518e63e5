/** @import { DropReason } from "../../../../../../shared/switch/drops.ts" */
/** @import { Counter } from "../../api/answers.ts" */
/** @import { TabProps } from "./network-screen.js" */
import { number } from "../../text/format.js";
import { t } from "../../text/text.js";
import { code, p } from "../../ui/dom.js";
import { dataTable } from "../../ui/table.js";

/**
 * Frames that went no further, by reason: of those who are here now, since they came.
 *
 * @typedef {object} Dropped
 * @property {DropReason} reason
 * @property {number} count
 * @property {readonly { readonly name: string, readonly count: number }[]} members most first
 */

/** @param {TabProps} props */
export function Drops({ traffic: { counters } }) {
  const text = t.value;
  const words = text.network;
  if (counters === undefined) return null;
  return [
    p({ class: "hint tab-lead" }, words.dropsLead),
    dataTable({
      caption: words.tabs.drops,
      rows: droppedOf(counters),
      keyOf: ({ reason }) => reason,
      empty: words.noDrops,
      columns: [
        {
          label: words.reason,
          heads: true,
          sort: ({ reason }) => reason,
          cell: ({ reason }) => code(null, reason),
        },
        { label: words.why, cell: ({ reason }) => text.drops[reason] ?? "" },
        {
          label: words.frames,
          numeric: true,
          sort: ({ count }) => count,
          cell: ({ count }) => number(count),
        },
        {
          label: words.who,
          cell: ({ members }) =>
            members.map(({ name, count }) => words.counted(name, number(count))).join(", "),
        },
      ],
    }),
  ];
}

/**
 * @param {readonly Counter[]} counters
 * @returns {Dropped[]} most first
 */
function droppedOf(counters) {
  /** @type {Map<DropReason, { name: string, count: number }[]>} */
  const reasons = new Map();
  for (const { name, port, drops } of counters) {
    for (const [key, count] of Object.entries(drops)) {
      const reason = /** @type {DropReason} */ (key);
      const members = reasons.get(reason) ?? [];
      members.push({ name: name ?? port, count });
      reasons.set(reason, members);
    }
  }
  const dropped = [...reasons].map(([reason, members]) => ({
    reason,
    count: members.reduce((sum, { count }) => sum + count, 0),
    members: members.toSorted((one, other) => other.count - one.count),
  }));
  return dropped.sort((one, other) => other.count - one.count);
}
