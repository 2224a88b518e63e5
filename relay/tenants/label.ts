/** The longest label of a name (RFC 1035 section 2.3.4). */
const LABEL_LENGTH = 63;

/** What a device is called whose name has no letter or digit that a host name may have. */
const NAMELESS = "device";

/**
 * A device's name as a label of a host name (RFC 1123 section 2.1): lower case, accents taken off, and a hyphen for
 * whatever is no letter of ASCII and no digit. "Anna's Laptop" is `anna-s-laptop`.
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
 * The label itself, or, where it is taken, the first that is free of `label-2`, `label-3`, …, shortened to what a label
 * may be.
 *
 * @param from the number to begin with, where those below are known to be taken
 */
export function freeLabel(label: string, isTaken: (label: string) => boolean, from = 1): string {
  for (let number = from; ; number++) {
    const suffix = number === 1 ? "" : `-${number}`;
    const candidate = `${trimmed(label, LABEL_LENGTH - suffix.length)}${suffix}`;
    if (!isTaken(candidate)) return candidate;
  }
}

/** No hyphens at the ends, and no longer than that. */
function trimmed(label: string, length: number): string {
  return label.replace(/^-+/, "").slice(0, length).replace(/-+$/, "");
}
