/** The address of the window's own files: `app://laneway/`, a scheme of this app only. */
export const APP_SCHEME = "app";
export const APP_HOST = "laneway";
export const APP_PAGE = `${APP_SCHEME}://${APP_HOST}/index.html`;

/**
 * Returns whether a URL is one of the window's own files. Compares protocol and host, because Node's `origin` of any
 * unknown scheme is the text `null`.
 */
export function isAppUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, host, username, password } = new URL(url);
  return protocol === `${APP_SCHEME}:` && host === APP_HOST && username === "" && password === "";
}
