/** @import { ComponentChildren, FunctionComponent } from "preact" */
import { h } from "preact";
import { useState } from "preact/hooks";
import { number } from "../text/format.js";
import { t } from "../text/text.js";
import { button, caption, div, p, span, table, tbody, td, th, thead, tr } from "./dom.js";
import { Icon } from "./icon.js";

/** Rows drawn at first, and more each time they are asked for. */
const STEP = 100;

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} label
 * @property {(row: Row) => ComponentChildren} cell
 * @property {((row: Row) => string | number) | undefined} [sort] what it is put in order by
 * @property {boolean} [numeric]
 * @property {boolean} [heads] names the row
 */

/**
 * @template Row
 * @typedef {object} TableProps
 * @property {string} caption
 * @property {readonly Column<Row>[]} columns
 * @property {readonly Row[]} rows
 * @property {boolean} [more] whether the relay has more
 * @property {(row: Row) => string} keyOf
 * @property {ComponentChildren} empty said where there are no rows
 */

/**
 * A table of data, in an order of the reader's.
 *
 * @template Row
 * @param {TableProps<Row>} props
 */
export function dataTable(props) {
  return h(/** @type {FunctionComponent<TableProps<Row>>} */ (Table), props);
}

/**
 * @template Row
 * @param {TableProps<Row>} props
 */
function Table({ caption: title, columns, rows, more, keyOf, empty }) {
  const text = t.value;
  const [order, setOrder] = useState(/** @type {{ by: number, down: boolean } | undefined} */ (undefined));
  const [limit, setLimit] = useState(STEP);
  if (rows.length === 0) return p({ class: "empty" }, empty);
  const sorted = order === undefined ? rows : inOrder(rows, columns[order.by]?.sort, order.down);
  const shown = sorted.slice(0, limit);
  return div(
    { class: "table" },
    // What is wider than the screen is scrolled, also by keyboard.
    div(
      { class: "scroll", role: "region", "aria-label": title, tabIndex: 0 },
      table(
        null,
        caption({ class: "hidden" }, title),
        thead(
          null,
          tr(
            null,
            columns.map((column, i) =>
              h(Heading, {
                key: column.label,
                label: column.label,
                numeric: column.numeric,
                sorts: column.sort !== undefined,
                order: order?.by === i ? (order.down ? "descending" : "ascending") : undefined,
                choose: () => setOrder({ by: i, down: order?.by === i && !order.down }),
              }),
            ),
          ),
        ),
        tbody(
          null,
          shown.map((row) => {
            const cells = columns.map(({ cell, numeric, heads, label }) => {
              const attributes = { key: label, class: numeric ? "numeric" : undefined };
              return heads ? th({ ...attributes, scope: "row" }, cell(row)) : td(attributes, cell(row));
            });
            return tr({ key: keyOf(row) }, cells);
          }),
        ),
      ),
    ),
    (rows.length > shown.length || more) &&
      p(
        { class: "more" },
        span(null, text.shownOf(number(shown.length), number(rows.length) + (more ? "+" : ""))),
        rows.length > shown.length &&
          button({ type: "button", onClick: () => setLimit(limit + STEP) }, text.showMore),
      ),
  );
}

/**
 * @param {object} props
 * @param {string} props.label
 * @param {boolean | undefined} props.numeric
 * @param {boolean} props.sorts
 * @param {"ascending" | "descending" | undefined} props.order
 * @param {() => void} props.choose
 */
function Heading({ label, numeric, sorts, order, choose }) {
  const attributes = { scope: /** @type {const} */ ("col"), class: numeric ? "numeric" : undefined };
  if (!sorts) return th(attributes, label);
  return th(
    { ...attributes, "aria-sort": order },
    button({ type: "button", class: "sort", onClick: choose }, label, order && h(Icon, { name: order })),
  );
}

/**
 * @template Row
 * @param {readonly Row[]} rows
 * @param {((row: Row) => string | number) | undefined} by
 * @param {boolean} down
 */
function inOrder(rows, by, down) {
  if (by === undefined) return rows;
  const collator = new Intl.Collator(undefined, { numeric: true });
  const sorted = rows.toSorted((left, right) => {
    const [first, second] = [by(left), by(right)];
    if (typeof first === "number" && typeof second === "number") return first - second;
    return collator.compare(String(first), String(second));
  });
  return down ? sorted.reverse() : sorted;
}
