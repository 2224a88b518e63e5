import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const ROOT = join(import.meta.dirname, "../../..");

/** The app as `npm run app:build` makes it, in a folder for Electron. */
export class AppBuild implements AsyncDisposable {
  /** Contains a package.json, whose `main` is the app. */
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<AppBuild> {
    const folder = await mkdtemp(join(tmpdir(), "laneway-app-"));
    try {
      const vite = join(ROOT, "node_modules/electron-vite/bin/electron-vite.js");
      await promisify(execFile)(process.execPath, [vite, "build"], {
        cwd: ROOT,
        env: { ...process.env, LANEWAY_APP_BUILD: join(folder, "dist/app") },
      });
      await cp(join(ROOT, "package.json"), join(folder, "package.json"));
      await symlink(join(ROOT, "desktop"), join(folder, "desktop"));
      return new AppBuild(folder);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
