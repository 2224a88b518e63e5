import type { JSX } from "preact";
import { Table, type TableProps } from "../../../shared/ui/table.tsx";
import { useLocale } from "../state/context.ts";

/** A table in the window's language. */
export function DataTable<Row>(props: Omit<TableProps<Row>, "words" | "formats">): JSX.Element {
  const { t, formats } = useLocale();
  return <Table {...props} words={t.common} formats={formats} />;
}
