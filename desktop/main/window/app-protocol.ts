/** Answers `app://laneway/…` with the files of one folder. */
import { readFile, realpath } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import type { Protocol } from "electron";
import { APP_SCHEME, isAppUrl } from "./app-url.ts";
import { responseHeaders } from "./response-headers.ts";

/** All types of files in a build of the window; others are not served. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
};

/** Gives the scheme an origin and a secure context, like the web's. Must be called before the app is ready. */
export function registerAppScheme(protocol: Pick<Protocol, "registerSchemesAsPrivileged">): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: APP_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** Serves the window's files from a folder. */
export function serveApp(protocol: Pick<Protocol, "handle">, folder: string): void {
  protocol.handle(APP_SCHEME, (request) => answer(request, folder));
}

/**
 * Returns the answer to one request: the file that its path names within the folder.
 *
 * @param request of the scheme {@link APP_SCHEME}
 */
export async function answer(request: Pick<Request, "method" | "url">, folder: string): Promise<Response> {
  if (!isAppUrl(request.url)) return refuse(404);
  if (request.method !== "GET") return refuse(405);
  const path = pathOf(request.url);
  const contentType = path === undefined ? undefined : CONTENT_TYPES[extname(path)];
  if (path === undefined || contentType === undefined) return refuse(404);
  try {
    const file = join(folder, path);
    // Follows links before checking where the file is. An asar archive has none.
    const [place, root] = await Promise.all([realpath(file), realpath(folder)]);
    if (!place.startsWith(root + sep)) return refuse(404);
    return new Response(new Uint8Array(await readFile(place)), { headers: responseHeaders(contentType) });
  } catch {
    return refuse(404);
  }
}

/** Returns the path within the folder; undefined if it leads out of it, or is invalid on some system. */
function pathOf(url: string): string | undefined {
  let path: string;
  try {
    path = decodeURIComponent(new URL(url).pathname);
  } catch {
    return undefined;
  }
  // URL removes plain dot segments; encoded ones remain, and separators that only Windows accepts.
  const parts = path.split("/").slice(1);
  const bad = parts.some((part) => part === "" || part.startsWith(".") || /[\\:\0]/.test(part));
  return bad ? undefined : join(...parts);
}

function refuse(status: 404 | 405): Response {
  return new Response("", { status, headers: responseHeaders("text/plain; charset=utf-8") });
}
