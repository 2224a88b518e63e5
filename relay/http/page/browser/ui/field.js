/** @import { ComponentChildren, JSX } from "preact" */
import { useId } from "preact/hooks";
import { div, input, label, option, p, select } from "./dom.js";

/**
 * A line to write in, with its label and what to write.
 *
 * @param {{ label: string, hint?: string | undefined, input: JSX.IntrinsicElements["input"] & { name: string } }} props
 */
export function TextField({ label: text, hint, input: attributes }) {
  const id = useId();
  return div(
    { class: "field" },
    label({ for: id }, text),
    input({ autocomplete: "off", spellcheck: false, ...attributes, id, ...described(id, hint) }),
    hint && p({ id: `${id}-hint`, class: "hint" }, hint),
  );
}

/**
 * @param {object} props
 * @param {string} props.label
 * @param {string} [props.hint]
 * @param {string} props.name
 * @param {readonly (readonly [value: string, label: string])[]} props.options
 * @param {string} [props.value] chosen at first
 * @param {(value: string) => void} [props.onChange]
 */
export function SelectField({ label: text, hint, name, options, value, onChange }) {
  const id = useId();
  return div(
    { class: "field" },
    label({ for: id }, text),
    select(
      { id, name, ...described(id, hint), onChange: (event) => onChange?.(event.currentTarget.value) },
      options.map(([one, words]) => option({ key: one, value: one, selected: one === value }, words)),
    ),
    hint && p({ id: `${id}-hint`, class: "hint" }, hint),
  );
}

/**
 * @param {object} props
 * @param {ComponentChildren} props.label
 * @param {string} props.name
 * @param {string} [props.value]
 * @param {boolean} [props.checked] at first
 * @param {string} [props.hint]
 */
export function CheckField({ label: text, name, value, checked, hint }) {
  const id = useId();
  return div(
    { class: "field check" },
    input({
      id,
      type: "checkbox",
      name,
      value: value ?? "yes",
      defaultChecked: checked,
      ...described(id, hint),
    }),
    label({ for: id }, text),
    hint && p({ id: `${id}-hint`, class: "hint" }, hint),
  );
}

/**
 * @param {string} id
 * @param {string | undefined} hint
 */
function described(id, hint) {
  return hint === undefined ? {} : { "aria-describedby": `${id}-hint` };
}

/**
 * What was written in a field; undefined where nothing was.
 *
 * @param {FormData} fields
 * @param {string} name
 */
export function written(fields, name) {
  const value = fields.get(name);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

/**
 * @param {FormData} fields
 * @param {string} name
 */
export function writtenNumber(fields, name) {
  const value = written(fields, name);
  return value === undefined ? undefined : Number(value);
}
