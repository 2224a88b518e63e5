/**
 * Debian's Chromium can't register schemes. A page of `app://laneway/…` is `https://laneway.app.invalid/…` there: also
 * an origin of its own and a secure context, whose requests are answered before they leave the browser. Everything
 * outside the page sees Electron's URL.
 */
const SUFFIX = ".invalid";

/** The URL in Chromium. */
export function toBrowser(url: string): string {
  const match = /^([a-z]+):\/\/([^/?#]+)(.*)$/s.exec(url);
  const [, scheme = "", host = "", rest = ""] = match ?? [];
  return match === null || /^(https?|data|about|devtools)$/.test(scheme)
    ? url
    : `https://${host}.${scheme}${SUFFIX}${rest}`;
}

/** The URL in Electron. */
export function fromBrowser(url: string): string {
  const match = /^https:\/\/([^/?#]+)\.([a-z]+)\.invalid(?=[/?#]|$)(.*)$/s.exec(url);
  return match === null ? url : `${match[2]}://${match[1]}${match[3]}`;
}
