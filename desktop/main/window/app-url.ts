/** Where the window's own files are: `app://laneway/`, a scheme that exists in this app alone. */
export const APP_SCHEME = "app";
export const APP_HOST = "laneway";
export const APP_PAGE = `${APP_SCHEME}://${APP_HOST}/index.html`;

/**
 * Whether a URL is one of the window's own files. By its protocol and host: to Node the `origin` of a scheme that it does
 * not know is the text `null`, for ours as for everybody else's.
 */
export function isAppUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, host, username, password } = new URL(url);
  return protocol === `${APP_SCHEME}:` && host === APP_HOST && username === "" && password === "";
}
