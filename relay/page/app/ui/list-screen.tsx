import type { ComponentChildren } from "preact";
import { Button } from "../../../../shared/ui/button.tsx";
import type { Column } from "../../../../shared/ui/table.tsx";
import type { Rows } from "../api/requests.ts";
import type { Live } from "../state/use-live.ts";
import { Loaded, Screen } from "./screen.tsx";
import { DataTable } from "./table.tsx";

interface ListScreenProps<Row> {
  readonly words: { readonly title: string; readonly empty: ComponentChildren; readonly create?: string };
  readonly lead: ComponentChildren;
  readonly live: Live<Rows<Row>>;
  /** Opens the dialog for a new row; without it the screen has no button for that. */
  readonly create?: () => void;
  readonly keyOf: (row: Row) => string;
  readonly columns: readonly Column<Row>[];
}

/** The screen of a list: its heading, the button for a new row, and the table. */
export function ListScreen<Row>({ words, lead, live, create, keyOf, columns }: ListScreenProps<Row>) {
  const button = create && (
    <Button kind="primary" onPress={create}>
      {words.create}
    </Button>
  );
  return (
    <Screen title={words.title} lead={lead} actions={button}>
      <Loaded
        live={live}
        show={({ rows, more }) => (
          <DataTable
            caption={words.title}
            rows={rows}
            more={more}
            keyOf={keyOf}
            empty={words.empty}
            columns={columns}
          />
        )}
      />
    </Screen>
  );
}
