import type { ComponentChildren, JSX } from "preact";

/** Fields that are sent together, by the button or by Enter. */
export function Form({
  onSubmit,
  children,
  label,
}: {
  readonly onSubmit: () => void;
  readonly children: ComponentChildren;
  readonly label: string;
}): JSX.Element {
  return (
    <form
      class="form"
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
    </form>
  );
}
