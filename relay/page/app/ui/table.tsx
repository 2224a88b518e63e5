import { Table, type TableProps } from "../../../../shared/ui/table.tsx";
import { formats, t } from "../state/text.ts";

/** A table in the page's language. */
export function DataTable<Row>(props: Omit<TableProps<Row>, "words" | "formats">) {
  return <Table {...props} words={t.value} formats={formats.value} />;
}
