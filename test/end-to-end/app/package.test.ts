// The package that electron-builder makes from a folder that stands in for Electron, and whether its app works.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { extractAll, extractFile, listPackage, statFile } from "@electron/asar";
import { FuseState, FuseV1Options, getCurrentFuseWire } from "@electron/fuses";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasLab } from "../../support/network/lab.ts";
import { requires } from "../../support/requirements.ts";
import { networkStory } from "./network-story.ts";
import { makeStandIn } from "./stand-in.ts";

const ROOT = join(import.meta.dirname, "../../..");
const run = promisify(execFile);

describe.runIf(requires("chromium"))("the desktop app's package for Linux", () => {
  let place: string;
  let unpacked: string;
  let archive: string;
  let deb: string;

  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), "laneway-package-"));
    deb = join(place, "deb");
    await mkdir(deb);
    await makeStandIn(join(place, "electron"));
    const options = [
      "--target",
      "deb",
      "--electron",
      join(place, "electron"),
      "--output",
      join(place, "out"),
    ];
    await run(process.execPath, [join(ROOT, "tools/package.ts"), ...options], {
      cwd: ROOT,
      env: { ...process.env, CUSTOM_FPM_PATH: join(import.meta.dirname, "fpm.sh"), FPM_KEEP: deb },
    });
    unpacked = join(place, "out/linux-unpacked");
    archive = join(unpacked, "resources/app.asar");
  }, 180_000);

  afterAll(() => rm(place, { recursive: true, force: true }));

  const kept = (name: string) => readFile(join(deb, name), "utf8");

  it("contains the three bundles, the images, and nothing else", () => {
    const files = listPackage(archive, { isPack: false }).filter((path) => {
      return !("files" in statFile(archive, path.slice(1)));
    });
    const unexpected = files.filter(
      (path) =>
        !/^\/(package\.json|dist\/app\/(main\/index\.js|preload\/index\.cjs|renderer\/.+\.(html|js|css|svg|png|woff2))|desktop\/icons\/(app\/256x256|tray-(on|off|trouble)(@2x)?)\.png)$/.test(
          path,
        ),
    );
    expect(unexpected).toEqual([]);
    for (const file of ["/package.json", "/dist/app/main/index.js", "/dist/app/renderer/index.html"]) {
      expect(files).toContain(file);
    }
    const manifest = JSON.parse(extractFile(archive, "package.json").toString()) as Record<string, unknown>;
    expect(manifest).toMatchObject({
      type: "module",
      main: "dist/app/main/index.js",
      desktopName: "laneway-desktop.desktop",
    });
  });

  it("has the hashes in its archive that Electron checks for every file", () => {
    for (const path of listPackage(archive, { isPack: false })) {
      const entry = statFile(archive, path.slice(1));
      if (!("integrity" in entry)) continue;
      const { algorithm, hash, blockSize, blocks } = entry.integrity;
      const content = extractFile(archive, path.slice(1));
      expect(algorithm).toBe("SHA256");
      expect(hash, path).toBe(createHash("sha256").update(content).digest("hex"));
      expect(blocks.length, path).toBe(Math.max(1, Math.ceil(content.length / blockSize)));
    }
  });

  it("has every fuse set", async () => {
    const wire = await getCurrentFuseWire(join(unpacked, "laneway-desktop"));
    const set = Object.fromEntries(
      Object.entries(wire)
        .filter(([key]) => /^\d+$/.test(key))
        .map(([key, state]) => [FuseV1Options[Number(key)], state === FuseState.ENABLE]),
    );
    expect(set).toEqual({
      RunAsNode: false,
      EnableCookieEncryption: true,
      EnableNodeOptionsEnvironmentVariable: false,
      EnableNodeCliInspectArguments: false,
      EnableEmbeddedAsarIntegrityValidation: true,
      OnlyLoadAppFromAsar: true,
      LoadBrowserProcessSpecificV8Snapshot: false,
      GrantFileProtocolExtraPrivileges: false,
      WasmTrapHandlers: true,
    });
  });

  it("has only the app's languages", async () => {
    expect((await readdir(join(unpacked, "locales"))).sort()).toEqual(["en-US.pak", "zh-CN.pak"]);
  });

  it("opens laneway:// links, by its .desktop file", async () => {
    const lines = (await kept("desktop")).split("\n");
    for (const line of [
      "Name=Laneway",
      "Exec=/opt/Laneway/laneway-desktop %U",
      "Icon=laneway-desktop",
      "StartupWMClass=laneway-desktop",
      "MimeType=x-scheme-handler/laneway;",
      "Categories=Network;",
      "Terminal=false",
    ]) {
      expect(lines).toContain(line);
    }
    const packed = await kept("arguments");
    expect(packed).toContain("=/usr/share/applications/laneway-desktop.desktop");
    for (const size of [16, 32, 48, 64, 128, 256]) {
      expect(packed).toContain(`=/usr/share/icons/hicolor/${size}x${size}/apps/laneway-desktop.png`);
    }
  });

  it("installs the service after what electron-builder does for the sandbox, and removes it before itself", async () => {
    const after = await kept("after-install");
    const template = await readFile(
      join(ROOT, "node_modules/app-builder-lib/templates/linux/after-install.tpl"),
      "utf8",
    );
    const names: Record<string, string> = { executable: "laneway-desktop", sanitizedProductName: "Laneway" };
    const theirs = template.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => names[name] ?? name);
    expect(theirs).toContain("chrome-sandbox");
    expect(after.startsWith(theirs.trimEnd())).toBe(true);
    expect(after).toContain("ln -sf '/opt/Laneway/resources/agent/laneway' /usr/bin/laneway");
    expect(after).toContain("/usr/bin/laneway service install");
    expect(await kept("before-remove")).toContain("/usr/bin/laneway service uninstall");
    for (const name of ["after-install", "after-remove", "before-remove"]) {
      await run("bash", ["-n", join(deb, name)]);
    }
  });

  it("contains the command and the agent, with their own Node", async () => {
    const agent = join(unpacked, "resources/agent");
    const options = { cwd: place, env: { PATH: "/usr/bin:/bin" } };
    const { version } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { version: string };
    expect((await run(join(agent, "laneway"), ["--version"], options)).stdout.trim()).toBe(version);
    expect((await run(join(agent, "node"), ["--version"], options)).stdout.trim()).toBe(process.version);
    const kept = await readdir(join(agent, "node_modules"));
    expect(kept).toEqual(expect.arrayContaining(["koffi", "zod", "ws", "pino"]));
    for (const tool of ["electron", "vitest", "vite", "typescript", "playwright-core"]) {
      expect(kept).not.toContain(tool);
    }
  });

  it.runIf(hasLab())(
    "is an app that works, with the agent that it brings",
    async () => {
      const app = join(place, "app");
      extractAll(archive, app);
      const command = join(unpacked, "resources/agent/laneway");
      await networkStory({ app, laneway: { command, args: [] } });
    },
    180_000,
  );
});
