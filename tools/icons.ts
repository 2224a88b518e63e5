// Draws the app's pictures from desktop/icons/*.svg, by Chromium: `node tools/icons.ts [CHROMIUM]`. The results are
// committed, so that building the app needs no browser.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";

const FOLDER = join(import.meta.dirname, "../desktop/icons");
const SIZES = [16, 32, 48, 64, 128, 256] as const;
const TRAY_STATES = ["on", "off", "trouble"] as const;

const read = (name: string) => readFileSync(join(FOLDER, name), "utf8");

async function draw(page: Page, svg: string, size: number): Promise<Buffer> {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(
    `<style>body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`,
  );
  return page.screenshot({ omitBackground: true, type: "png" });
}

/** Returns the tray's picture of one state; the drawing contains the marks of all states. */
function trayOf(state: (typeof TRAY_STATES)[number]): string {
  const others = TRAY_STATES.filter((one) => one !== state);
  return others.reduce(
    (svg, id) => svg.replace(new RegExp(`<g id="${id}">.*?</g>`, "s"), ""),
    read("tray.svg"),
  );
}

/** Returns Windows' icon file: a directory of pictures, which may be PNGs since Vista. */
function ico(pictures: ReadonlyMap<number, Buffer>): Buffer {
  const sizes = [32, 256];
  const header = Buffer.alloc(6 + 16 * sizes.length);
  header.writeUInt16LE(1, 2);
  header.writeUInt16LE(sizes.length, 4);
  let offset = header.length;
  const parts = sizes.map((size, index) => {
    const png = pictures.get(size) ?? Buffer.alloc(0);
    const at = 6 + 16 * index;
    // 0 stands for 256.
    header.writeUInt8(size % 256, at);
    header.writeUInt8(size % 256, at + 1);
    header.writeUInt16LE(1, at + 4);
    header.writeUInt16LE(32, at + 6);
    header.writeUInt32LE(png.length, at + 8);
    header.writeUInt32LE(offset, at + 12);
    offset += png.length;
    return png;
  });
  return Buffer.concat([header, ...parts]);
}

/** Returns macOS' icon file: PNGs, each after its type and length. */
function icns(pictures: ReadonlyMap<number, Buffer>): Buffer {
  const types: [string, number][] = [
    ["ic07", 128],
    ["ic08", 256],
  ];
  const parts = types.map(([type, size]) => {
    const png = pictures.get(size) ?? Buffer.alloc(0);
    const head = Buffer.alloc(8);
    head.write(type, "latin1");
    head.writeUInt32BE(png.length + 8, 4);
    return Buffer.concat([head, png]);
  });
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.write("icns", "latin1");
  head.writeUInt32BE(body.length + 8, 4);
  return Buffer.concat([head, body]);
}

const [executablePath = "/usr/bin/chromium"] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
try {
  const page = await browser.newPage();
  mkdirSync(join(FOLDER, "app"), { recursive: true });
  const pictures = new Map<number, Buffer>();
  for (const size of SIZES) {
    const png = await draw(page, read("laneway.svg"), size);
    pictures.set(size, png);
    writeFileSync(join(FOLDER, "app", `${size}x${size}.png`), png);
  }
  writeFileSync(join(FOLDER, "laneway.ico"), ico(pictures));
  writeFileSync(join(FOLDER, "laneway.icns"), icns(pictures));
  for (const state of TRAY_STATES) {
    writeFileSync(join(FOLDER, `tray-${state}.png`), await draw(page, trayOf(state), 22));
    writeFileSync(join(FOLDER, `tray-${state}@2x.png`), await draw(page, trayOf(state), 44));
  }
} finally {
  await browser.close();
}
