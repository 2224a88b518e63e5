import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** A package of Laneway's clients that the relay serves. */
export interface Package {
  readonly name: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** Names of packages; the path of a request must be one of them. */
const NAME = /^[Ll]aneway[\w.+~-]{1,120}\.(?:deb|tgz|AppImage|exe|dmg|zip)$/;

/** Maximum number of packages that are listed. */
const PACKAGES = 64;

/** Maximum number of bytes of a package: more than any installer has. */
const BYTES = 2 ** 31;

/** The directory with the packages that the relay serves. It may change while the relay runs. */
export class PackageDirectory {
  readonly #path: string;
  /** Packages by name, size and time of change, so that a file is read once. */
  #known = new Map<string, Package>();
  #listing: Promise<readonly Package[]> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Returns the packages, sorted by name. @throws the system's error if the directory cannot be read */
  list(): Promise<readonly Package[]> {
    this.#listing ??= this.#list().finally(() => {
      this.#listing = undefined;
    });
    return this.#listing;
  }

  /**
   * Opens a package.
   *
   * @returns undefined if there is none of that name
   */
  async read(
    name: string,
  ): Promise<{ readonly found: Package; readonly stream: ReadableStream<Uint8Array> } | undefined> {
    const found = (await this.list()).find((one) => one.name === name);
    if (found === undefined) return undefined;
    const stream = Readable.toWeb(createReadStream(join(this.#path, name), { end: found.bytes - 1 }));
    return { found, stream: stream as ReadableStream<Uint8Array> };
  }

  async #list(): Promise<readonly Package[]> {
    const names = (await readdir(this.#path)).filter((name) => NAME.test(name)).sort();
    const known = new Map<string, Package>();
    for (const name of names.slice(0, PACKAGES)) {
      const { size, mtimeMs, isFile } = await this.#look(name);
      if (!isFile || size > BYTES) continue;
      const key = `${name} ${size} ${mtimeMs}`;
      known.set(key, this.#known.get(key) ?? { name, bytes: size, sha256: await this.#hash(name) });
    }
    this.#known = known;
    return [...known.values()];
  }

  async #look(name: string): Promise<{ size: number; mtimeMs: number; isFile: boolean }> {
    const found = await stat(join(this.#path, name));
    return { size: found.size, mtimeMs: found.mtimeMs, isFile: found.isFile() };
  }

  async #hash(name: string): Promise<string> {
    const hash = createHash("sha256");
    await pipeline(createReadStream(join(this.#path, name)), hash);
    return hash.digest("hex");
  }
}
