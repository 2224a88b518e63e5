/** Judges the domain for which a relay makes this machine ask its network's name servers. */
import { parse } from "tldts";

/** Maximum length: RFC 1035 section 2.3.4, less what a name in the domain needs. */
const LONGEST = 189;
/** RFC 1123 section 2.1. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** Labels that a network's domain needs below a suffix: the network's, and its operator's. */
const LABELS_BELOW = 2;
/** Special-use domains (RFC 6761, RFC 6762, RFC 7686): missing in the public suffix list, but not a relay's to give. */
const SPECIAL = new Set(["arpa", "alt", "invalid", "local", "localhost", "onion"]);

/**
 * Judges a network's domain.
 *
 * Below a suffix that is not public, such as `.internal`, it needs two labels. Below a public suffix the two are
 * counted from the registered domain, which must be the relay's own: no relay may answer for names of others.
 *
 * @param host the relay's host as this machine dials it
 * @returns why it is refused, a clause after "it"; undefined if it is not
 */
export function judgeDomain(domain: string, host: string): string | undefined {
  const labels = domain.split(".");
  if (domain.length > LONGEST || !labels.every((label) => LABEL.test(label))) return "is not a domain";
  const top = labels.at(-1) ?? "";
  if (/^[0-9]+$/.test(top)) return "is not a domain";
  if (SPECIAL.has(top)) return `is below .${top}, which is reserved`;
  const { publicSuffix, isIcann, isPrivate, domain: registered } = parse(domain, OPTIONS);
  const isPublic = isIcann === true || isPrivate === true;
  if (!isPublic) {
    if (labels.length >= LABELS_BELOW + 1) return undefined;
    return `has fewer than ${LABELS_BELOW} labels below '${top}'`;
  }
  if (registered === null) return `is the public suffix '${publicSuffix}'`;
  if (labels.length < registered.split(".").length + LABELS_BELOW) {
    return `has fewer than ${LABELS_BELOW} labels below '${registered}'`;
  }
  if (registered !== parse(host, OPTIONS).domain)
    return `is below '${registered}', which is not the relay's own`;
  return undefined;
}

/** Suffixes such as github.io, below which anybody can have a name, count as public. */
const OPTIONS = { allowPrivateDomains: true };

/** Returns whether two domains are equal or one contains the other. */
export function domainsOverlap(one: string, other: string): boolean {
  return one === other || one.endsWith(`.${other}`) || other.endsWith(`.${one}`);
}
