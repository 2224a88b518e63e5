import type { ComponentChildren, JSX } from "preact";

interface FormProps {
  readonly children: ComponentChildren;
  readonly label?: string;
  readonly class?: string;
  readonly onSubmit: (fields: FormData) => void;
}

/** Fields that the user sends together, by the button or by Enter. */
export function Form({ children, label, onSubmit, ...rest }: FormProps): JSX.Element {
  return (
    <form
      class={rest.class ?? "form"}
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit(new FormData(event.currentTarget));
      }}
    >
      {children}
    </form>
  );
}

/** Returns the trimmed text of a field, or undefined if it is empty. */
export function written(fields: FormData, name: string): string | undefined {
  const value = fields.get(name);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

/** Returns the number in a field, or undefined if it is empty. */
export function writtenNumber(fields: FormData, name: string): number | undefined {
  const value = written(fields, name);
  return value === undefined ? undefined : Number(value);
}
