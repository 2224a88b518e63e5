import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { Button } from "./button.tsx";
import type { Formats } from "./formats.ts";
import { Icon } from "./icon.tsx";

/** Number of rows drawn at first, and added each time the reader asks for more. */
const STEP = 100;

export interface Column<Row> {
  readonly label: string;
  readonly cell: (row: Row, index: number) => ComponentChildren;
  /** The value that the column is sorted by; the column cannot be sorted without it. */
  readonly sort?: (row: Row) => string | number;
  readonly numeric?: boolean;
  /** Whether the column names its row. */
  readonly heads?: boolean;
}

export interface TableProps<Row> {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** Whether the relay has more rows than these. */
  readonly more?: boolean | undefined;
  readonly keyOf: (row: Row) => string;
  /** Shown in place of a table without rows. */
  readonly empty: ComponentChildren;
  readonly words: { readonly shownOf: (shown: string, all: string) => string; readonly showMore: string };
  readonly formats: Formats;
}

/** A table of data that the reader can sort by column. */
export function Table<Row>({
  caption,
  columns,
  rows,
  more,
  keyOf,
  empty,
  words,
  formats,
}: TableProps<Row>): JSX.Element {
  const [order, setOrder] = useState<{ by: number; down: boolean }>();
  const [limit, setLimit] = useState(STEP);
  if (rows.length === 0) return <p class="empty">{empty}</p>;
  const sorted = order === undefined ? rows : inOrder(rows, columns[order.by]?.sort, order.down);
  const shown = sorted.slice(0, limit);
  return (
    <div class="table">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a table wider than the screen is scrolled by keyboard too. */}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset groups fields of a form, which a table does not have. */}
      <div class="scroll" role="group" aria-label={caption} tabIndex={0}>
        <table>
          <caption class="unseen">{caption}</caption>
          <thead>
            <tr>
              {columns.map((column, i) => (
                <Heading
                  key={column.label}
                  label={column.label}
                  numeric={column.numeric}
                  sorts={column.sort !== undefined}
                  order={order?.by === i ? (order.down ? "descending" : "ascending") : undefined}
                  choose={() => setOrder({ by: i, down: order?.by === i && !order.down })}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row, index) => (
              <tr key={keyOf(row)}>
                {columns.map(({ cell, numeric, heads, label }) =>
                  heads ? (
                    <th key={label} class={numericClass(numeric)} scope="row">
                      {cell(row, index)}
                    </th>
                  ) : (
                    <td key={label} class={numericClass(numeric)}>
                      {cell(row, index)}
                    </td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {(rows.length > shown.length || more) && (
        <p class="more">
          <span>
            {words.shownOf(formats.count(shown.length), formats.count(rows.length) + (more ? "+" : ""))}
          </span>
          {rows.length > shown.length && (
            <Button onPress={() => setLimit(limit + STEP)}>{words.showMore}</Button>
          )}
        </p>
      )}
    </div>
  );
}

interface HeadingProps {
  readonly label: string;
  readonly numeric: boolean | undefined;
  readonly sorts: boolean;
  readonly order: "ascending" | "descending" | undefined;
  readonly choose: () => void;
}

function Heading({ label, numeric, sorts, order, choose }: HeadingProps) {
  if (!sorts) {
    return (
      <th class={numericClass(numeric)} scope="col">
        {label}
      </th>
    );
  }
  return (
    <th class={numericClass(numeric)} scope="col" aria-sort={order}>
      <button type="button" class="sort" onClick={choose}>
        {label}
        {order && <Icon name={order} />}
      </button>
    </th>
  );
}

function numericClass(numeric: boolean | undefined): string | undefined {
  return numeric ? "numeric" : undefined;
}

function inOrder<Row>(
  rows: readonly Row[],
  by: ((row: Row) => string | number) | undefined,
  down: boolean,
): readonly Row[] {
  if (by === undefined) return rows;
  const collator = new Intl.Collator(undefined, { numeric: true });
  const sorted = rows.toSorted((left, right) => {
    const [first, second] = [by(left), by(right)];
    if (typeof first === "number" && typeof second === "number") return first - second;
    return collator.compare(String(first), String(second));
  });
  return down ? sorted.reverse() : sorted;
}
