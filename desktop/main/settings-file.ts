import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { makePrivateDirectory, writePrivate } from "../../system/private-file.ts";
import { type AppSettings, appSettings } from "../rpc/bridge.ts";

/** The app's stored settings. */
const content = z.object({
  ...appSettings.shape,
  /** Whether the effect of closing the window was explained. */
  close_explained: z.boolean(),
});
export type Content = z.infer<typeof content>;

const DEFAULTS: Content = {
  language: "system",
  theme: "system",
  start_at_login: false,
  on_close: "tray",
  notifications: true,
  close_explained: false,
};

/** The app's settings, in a file of the user's. Invalid values count as not set. */
export class SettingsFile {
  readonly #file: string;
  #content: Content;

  constructor(file: string) {
    this.#file = file;
    this.#content = read(file);
  }

  get settings(): AppSettings {
    const { close_explained: _, ...settings } = this.#content;
    return settings;
  }

  get closeExplained(): boolean {
    return this.#content.close_explained;
  }

  /** Changes some settings, and writes all. @throws if the file can't be written; then nothing is changed */
  set(changes: { readonly [K in keyof Content]?: Content[K] | undefined }): AppSettings {
    const given = Object.entries(changes).filter(([, value]) => value !== undefined);
    const next = content.parse({ ...this.#content, ...Object.fromEntries(given) });
    makePrivateDirectory(dirname(this.#file));
    writePrivate(this.#file, `${JSON.stringify(next, null, 2)}\n`);
    this.#content = next;
    return this.settings;
  }
}

/** Reads each setting on its own, so that an invalid one, from another version, does not affect the others. */
function read(file: string): Content {
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return DEFAULTS;
  }
  const merged: Record<string, unknown> = { ...DEFAULTS };
  const given = z.record(z.string(), z.unknown()).safeParse(found).data ?? {};
  for (const [name, schema] of Object.entries(content.shape)) {
    if (schema.safeParse(given[name]).success) merged[name] = given[name];
  }
  return content.parse(merged);
}
