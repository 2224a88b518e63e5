/** Maximum length of a label (RFC 1035 section 2.3.4). */
const LABEL_LENGTH = 63;

/** Label of a device whose name has no letter or digit allowed in a host name. */
const NAMELESS = "device";

/**
 * Returns a device's name as a label of a host name (RFC 1123 section 2.1): lower case, without accents, and with a
 * hyphen for anything except ASCII letters and digits. "Anna's Laptop" becomes `anna-s-laptop`.
 */
export function hostLabel(name: string): string {
  const plain = name
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase();
  const label = trimmed(plain.replace(/[^a-z0-9]+/g, "-"), LABEL_LENGTH);
  return label === "" ? NAMELESS : label;
}

/**
 * Returns the label itself or, if it is taken, the first free one of `label-2`, `label-3`, …, shortened to the maximum
 * length.
 *
 * @param from the first number to try, if lower ones are known to be taken
 */
export function freeLabel(label: string, isTaken: (label: string) => boolean, from = 1): string {
  for (let number = from; ; number++) {
    const suffix = number === 1 ? "" : `-${number}`;
    const candidate = `${trimmed(label, LABEL_LENGTH - suffix.length)}${suffix}`;
    if (!isTaken(candidate)) return candidate;
  }
}

/** Cuts a label to the length and removes hyphens at its ends. */
function trimmed(label: string, length: number): string {
  return label.replace(/^-+/, "").slice(0, length).replace(/-+$/, "");
}
