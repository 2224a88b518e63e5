import { join } from "node:path";
import type { NativeImage, nativeImage } from "electron";
import type { Overall } from "./tray.ts";

/** The app's images, in a folder (desktop/icons). Electron finds those for denser screens, `…@2x.png`, by name. */
export class Icons {
  readonly #images: Pick<typeof nativeImage, "createFromPath">;
  readonly #folder: string;

  constructor(images: Pick<typeof nativeImage, "createFromPath">, folder: string) {
    this.#images = images;
    this.#folder = folder;
  }

  get window(): NativeImage {
    return this.#images.createFromPath(join(this.#folder, "app", "256x256.png"));
  }

  tray(overall: Overall): NativeImage {
    return this.#images.createFromPath(join(this.#folder, `tray-${overall}.png`));
  }
}
