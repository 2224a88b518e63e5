import { SelectField } from "../../../../../shared/ui/field.tsx";
import { written } from "../../../../../shared/ui/form.tsx";
import { formats, t } from "../../state/text.ts";

const CHOICES = [3_600, 86_400, 7 * 86_400, 30 * 86_400, 365 * 86_400];

/**
 * A field for a lifetime.
 *
 * @param props the default in seconds, and whether the lifetime may be unlimited
 */
export function ExpiryField({ value, never = false }: { value: number | undefined; never?: boolean }) {
  const text = t.value;

  const options: [string, string][] = CHOICES.map((seconds) => [
    String(seconds),
    formats.value.duration(seconds),
  ]);
  if (never) options.unshift(["", text.never]);
  return (
    <SelectField
      label={text.goodFor}
      name="expires_in"
      options={options}
      defaultValue={value === undefined ? "" : String(value)}
    />
  );
}

/** Returns the chosen seconds; undefined for unlimited. */
export function expiryOf(fields: FormData) {
  const chosen = written(fields, "expires_in");
  return chosen === undefined ? undefined : Number(chosen);
}
