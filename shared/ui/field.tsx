import type { ComponentChildren, InputHTMLAttributes, JSX, Ref } from "preact";
import { useId } from "preact/hooks";

interface TextFieldProps {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly name?: string;
  readonly type?: "text" | "password" | "number" | "search";
  /** The text, if the caller keeps it; otherwise the form has it. */
  readonly value?: string;
  /** The text at first. */
  readonly defaultValue?: string | number;
  readonly required?: boolean;
  readonly placeholder?: string;
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly min?: number;
  readonly max?: number;
  /** `mono` for addresses and the like. */
  readonly class?: string;
  /** Lines, if the text may have more than one. */
  readonly rows?: number;
  readonly inputRef?: Ref<HTMLInputElement>;
  readonly onInput?: (value: string) => void;
}

/** A field for text, with its label and a hint on what to write. */
export function TextField({
  label,
  hint,
  rows,
  inputRef = null,
  type = "text",
  onInput,
  ...attributes
}: TextFieldProps): JSX.Element {
  const id = useId();
  const shared = {
    autocomplete: "off",
    spellcheck: false,
    ...attributes,
    ...described(id, hint),
    id,
    class: `input ${attributes.class ?? ""}`,
    onInput: (event: { readonly currentTarget: { readonly value: string } }) =>
      onInput?.(event.currentTarget.value),
  } as const;
  // Preact has a type of attributes for each type of input, and here it is one of several.
  const input = { ...shared, type } as InputHTMLAttributes<HTMLInputElement>;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {rows === undefined ? <input {...input} ref={inputRef} /> : <textarea {...shared} rows={rows} />}
      <Hint id={id} hint={hint} />
    </div>
  );
}

interface SelectFieldProps<Value extends string> {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly name?: string;
  /** The values, each with the words for it. */
  readonly options: readonly (readonly [value: Value, words: string])[];
  /** The chosen value, if the caller keeps it; otherwise the form has it. */
  readonly value?: Value;
  /** The value chosen at first. */
  readonly defaultValue?: Value;
  /** The id of a label that stands elsewhere. */
  readonly labelledBy?: string;
  readonly onChange?: (value: Value) => void;
}

/** A choice of one value. */
export function SelectField<Value extends string>(props: SelectFieldProps<Value>): JSX.Element {
  const { label, hint, name, options, value, defaultValue, labelledBy, onChange } = props;
  const id = useId();
  const select = (
    <select
      id={id}
      class="input"
      name={name}
      aria-labelledby={labelledBy}
      {...described(id, hint)}
      {...(value === undefined ? {} : { value })}
      onChange={(event) => {
        const chosen = options[event.currentTarget.selectedIndex];
        if (chosen !== undefined) onChange?.(chosen[0]);
      }}
    >
      {options.map(([one, words]) => (
        <option key={one} value={one} selected={one === (value ?? defaultValue)}>
          {words}
        </option>
      ))}
    </select>
  );
  if (labelledBy !== undefined) return select;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {select}
      <Hint id={id} hint={hint} />
    </div>
  );
}

interface CheckFieldProps {
  readonly label: ComponentChildren;
  readonly hint?: string;
  readonly name: string;
  /** What the form has when it is checked. */
  readonly value?: string;
  /** Whether it is checked at first. */
  readonly checked?: boolean;
}

/** A field that is checked or not, in a form. */
export function CheckField({ label, hint, name, value = "yes", checked }: CheckFieldProps): JSX.Element {
  const id = useId();
  return (
    <div class="field check">
      <input
        id={id}
        type="checkbox"
        name={name}
        value={value}
        defaultChecked={checked}
        {...described(id, hint)}
      />
      <label for={id}>{label}</label>
      <Hint id={id} hint={hint} />
    </div>
  );
}

function Hint({ id, hint }: { readonly id: string; readonly hint: string | undefined }): JSX.Element | null {
  if (hint === undefined) return null;
  return (
    <p class="hint" id={`${id}-hint`}>
      {hint}
    </p>
  );
}

function described(id: string, hint: string | undefined) {
  return hint === undefined ? {} : { "aria-describedby": `${id}-hint` };
}
