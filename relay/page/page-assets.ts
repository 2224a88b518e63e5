import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAccept } from "hono/utils/accept";

/** The folder that `npm run page:build` writes to. */
export const PAGE_FOLDER = join(import.meta.dirname, "../../dist/page");

/** The page's built files by name. */
export type PageFiles = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

/** Reads the page's built files; returns undefined if they were not built. */
export function readPageFiles(): PageFiles | undefined {
  if (!existsSync(PAGE_FOLDER)) return undefined;
  return new Map(readdirSync(PAGE_FOLDER).map((name) => [name, readFileSync(join(PAGE_FOLDER, name))]));
}

/** Number of characters read of an Accept-Encoding header: browsers send far fewer. */
const HEADER_LENGTH = 1_024;

const TYPES: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/**
 * The files of the page under one version, which is their hash. So a file never changes at its URL, browsers may keep
 * it, and files of two versions never mix.
 */
export class PageAssets {
  readonly version: string;
  readonly #files: PageFiles;
  readonly #zipped = new Map<string, Promise<ArrayBuffer>>();

  private constructor(files: PageFiles, version: string) {
    this.#files = files;
    this.version = version;
  }

  static async of(files: PageFiles): Promise<PageAssets> {
    const paths = [...files.keys()].sort();
    const parts = paths.flatMap((path) => [`${path}\n`, files.get(path) ?? ""]);
    const hash = await sha256(await new Blob(parts).arrayBuffer());
    return new PageAssets(files, Array.from(hash.subarray(0, 8), hexByte).join(""));
  }

  /** Returns the paths with the given ending. */
  paths(end: string): string[] {
    return [...this.#files.keys()].filter((path) => path.endsWith(end)).sort();
  }

  /** Returns a file's URL relative to the page. */
  url(path: string): string {
    return `page/${this.version}/${path}`;
  }

  /** Returns the response for a file of a version; undefined if it does not exist. */
  async response(version: string, path: string, acceptEncoding: string): Promise<Response | undefined> {
    const content = version === this.version ? this.#files.get(path) : undefined;
    if (content === undefined) return undefined;
    const zips = parseAccept(acceptEncoding.slice(0, HEADER_LENGTH)).some(
      ({ type, q }) => type.toLowerCase() === "gzip" && q > 0,
    );
    const headers: Record<string, string> = {
      "content-type": TYPES[/[^.]*$/.exec(path)?.[0] ?? ""] ?? "application/octet-stream",
      "cache-control": "public, max-age=31536000, immutable",
      "cross-origin-resource-policy": "same-origin",
      "x-content-type-options": "nosniff",
      etag: `"${version}"`,
      vary: "accept-encoding",
    };
    if (!zips) return new Response(content, { headers });
    return new Response(await this.#zip(path, content), {
      headers: { ...headers, "content-encoding": "gzip", etag: `"${version}-gzip"` },
    });
  }

  #zip(path: string, content: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
    let zipped = this.#zipped.get(path);
    if (zipped === undefined) {
      const stream = new Blob([content]).stream().pipeThrough(new CompressionStream("gzip"));
      zipped = new Response(stream).arrayBuffer();
      this.#zipped.set(path, zipped);
    }
    return zipped;
  }
}

/** Returns the SHA-256 of bytes, or of a text in UTF-8. */
export async function sha256(of: ArrayBuffer | string): Promise<Uint8Array> {
  const bytes = typeof of === "string" ? new TextEncoder().encode(of) : of;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
