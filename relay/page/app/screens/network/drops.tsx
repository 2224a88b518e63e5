import type { Counter } from "../../../../../shared/api/resources/live.ts";
import type { DropReason } from "../../../../../shared/switch/drops.ts";
import { formats, t } from "../../state/text.ts";
import { DataTable } from "../../ui/table.tsx";
import type { TabProps } from "./tab-props.ts";

/** Dropped frames by reason, from current members since they joined. */
export interface Dropped {
  readonly reason: DropReason;
  readonly count: number;
  /** Members, most drops first. */
  readonly members: readonly { readonly name: string; readonly count: number }[];
}

export function Drops({ traffic: { counters } }: TabProps) {
  const text = t.value;
  const words = text.network;
  if (counters === undefined) return null;
  return [
    <p class="hint tab-lead">{words.dropsLead}</p>,
    <DataTable
      caption={words.tabs.drops}
      rows={droppedOf(counters)}
      keyOf={({ reason }) => reason}
      empty={words.noDrops}
      columns={[
        {
          label: words.reason,
          heads: true,
          sort: ({ reason }) => reason,
          cell: ({ reason }) => <code>{reason}</code>,
        },
        { label: words.why, cell: ({ reason }) => text.drops[reason] ?? "" },
        {
          label: words.frames,
          numeric: true,
          sort: ({ count }) => count,
          cell: ({ count }) => formats.value.count(count),
        },
        {
          label: words.who,
          cell: ({ members }) =>
            members.map(({ name, count }) => words.counted(name, formats.value.count(count))).join(", "),
        },
      ]}
    />,
  ];
}

/** @returns most frequent first */
function droppedOf(counters: readonly Counter[]): Dropped[] {
  const reasons: Map<DropReason, { name: string; count: number }[]> = new Map();
  for (const { name, port, drops } of counters) {
    for (const [key, count] of Object.entries(drops)) {
      const reason = key as DropReason;
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
