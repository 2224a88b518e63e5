import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

/** A line to write in, with its label and what to write. */
export function TextField({
  label: text,
  hint,
  input: attributes,
}: {
  label: string;
  hint?: string | undefined;
  input: JSX.IntrinsicElements["input"] & { name: string };
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{text}</label>
      <input
        autocomplete="off"
        spellcheck={false}
        {...attributes}
        class={`input ${attributes.class ?? ""}`}
        id={id}
        {...described(id, hint)}
      />
      {hint && (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
    </div>
  );
}

export function SelectField({
  label: text,
  hint,
  name,
  options,
  value,
  onChange,
}: {
  label: string;
  hint?: string;
  name: string;
  options: readonly (readonly [value: string, label: string])[];
  /** Chosen at first. */
  value?: string;
  onChange?: (value: string) => void;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{text}</label>
      <select
        class="input"
        id={id}
        name={name}
        {...described(id, hint)}
        onChange={(event) => onChange?.(event.currentTarget.value)}
      >
        {options.map(([one, words]) => (
          <option key={one} value={one} selected={one === value}>
            {words}
          </option>
        ))}
      </select>
      {hint && (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
    </div>
  );
}

export function CheckField({
  label: text,
  name,
  value,
  checked,
  hint,
}: {
  label: ComponentChildren;
  name: string;
  value?: string;
  /** At first. */
  checked?: boolean;
  hint?: string;
}) {
  const id = useId();
  return (
    <div class="field check">
      <input
        id={id}
        type="checkbox"
        name={name}
        value={value ?? "yes"}
        defaultChecked={checked}
        {...described(id, hint)}
      />
      <label for={id}>{text}</label>
      {hint && (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
    </div>
  );
}

function described(id: string, hint: string | undefined) {
  return hint === undefined ? {} : { "aria-describedby": `${id}-hint` };
}

/** What was written in a field; undefined where nothing was. */
export function written(fields: FormData, name: string) {
  const value = fields.get(name);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

export function writtenNumber(fields: FormData, name: string) {
  const value = written(fields, name);
  return value === undefined ? undefined : Number(value);
}
