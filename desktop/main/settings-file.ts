import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { makePrivateDirectory, writePrivate } from "../../system/private-file.ts";
import { type AppSettings, appSettings } from "../rpc/bridge.ts";

/** What the app keeps between starts. */
const content = z.object({
  ...appSettings.shape,
  /** Whether it was said once what closing the window does. */
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

/** The app's settings, in a file of the user's. What is not to be made sense of there is as if it had not been set. */
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

  /** Changes some, and writes all. @throws where the file can't be written; then nothing is changed */
  set(changes: { readonly [K in keyof Content]?: Content[K] | undefined }): AppSettings {
    const given = Object.entries(changes).filter(([, value]) => value !== undefined);
    const next = content.parse({ ...this.#content, ...Object.fromEntries(given) });
    makePrivateDirectory(dirname(this.#file));
    writePrivate(this.#file, `${JSON.stringify(next, null, 2)}\n`);
    this.#content = next;
    return this.settings;
  }
}

/** Each setting on its own, so that one from another version costs no more than itself. */
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
