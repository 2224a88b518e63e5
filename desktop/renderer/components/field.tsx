import type { InputHTMLAttributes, JSX } from "preact";
import { useId } from "preact/hooks";

interface Common {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
}

interface TextFieldProps extends Common {
  readonly type?: "text" | "password" | "number" | "search";
  readonly required?: boolean;
  readonly placeholder?: string;
  /** For what is written in a script of its own, such as addresses. */
  readonly class?: string;
  /** More than one line. */
  readonly rows?: number;
}

/** What all kinds of field have in common. */
type Shared = Pick<
  InputHTMLAttributes<HTMLInputElement>,
  "id" | "value" | "required" | "placeholder" | "aria-describedby" | "spellcheck" | "class" | "onInput"
>;

function Input({
  type,
  shared,
}: {
  readonly type: TextFieldProps["type"];
  readonly shared: Shared;
}): JSX.Element {
  switch (type) {
    case "password":
      return <input {...shared} type="password" autocomplete="off" />;
    case "number":
      return <input {...shared} type="number" min={1} />;
    case "search":
      return <input {...shared} type="search" />;
    default:
      return <input {...shared} type="text" autocomplete="off" />;
  }
}

/** A line, or some, to write in, with its name and what it is for. */
export function TextField(props: TextFieldProps): JSX.Element {
  const id = useId();
  const hintId = `${id}-hint`;
  const shared = {
    id,
    value: props.value,
    required: props.required ?? false,
    placeholder: props.placeholder,
    "aria-describedby": props.hint === undefined ? undefined : hintId,
    spellcheck: false,
    class: `input ${props.class ?? ""}`,
    onInput: (event: { readonly currentTarget: { readonly value: string } }) =>
      props.onInput(event.currentTarget.value),
  } as const;
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {props.rows === undefined ? (
        <Input type={props.type} shared={shared} />
      ) : (
        <textarea {...shared} rows={props.rows} />
      )}
      {props.hint === undefined ? null : (
        <p class="hint" id={hintId}>
          {props.hint}
        </p>
      )}
    </div>
  );
}

interface SelectProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  /** What may be chosen, with the words for it. */
  readonly options: readonly (readonly [Value, string])[];
  readonly onChange: (value: Value) => void;
  /** The label stands elsewhere, with this id. */
  readonly labelledBy?: string;
}

/** One of several. */
export function Select<Value extends string>(props: SelectProps<Value>): JSX.Element {
  const id = useId();
  const select = (
    <select
      id={id}
      class="input"
      aria-labelledby={props.labelledBy}
      value={props.value}
      onChange={(event) => {
        const chosen = props.options[event.currentTarget.selectedIndex];
        if (chosen !== undefined) props.onChange(chosen[0]);
      }}
    >
      {props.options.map(([value, words]) => (
        <option key={value} value={value}>
          {words}
        </option>
      ))}
    </select>
  );
  if (props.labelledBy !== undefined) return select;
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {select}
    </div>
  );
}
