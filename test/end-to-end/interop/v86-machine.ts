// A PC with an NE2000, emulated by v86, whose network is a WebSocket: `v86-machine.ts URL`. Its BIOS can only boot from
// the network card's ROM, which asks for an address and loads the given file. Runs until it is killed.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { NE2000_ROM, SEABIOS, VGABIOS } from "./firmware.ts";

/** The used part of v86; its own declarations leave out the processor, into which ROMs are loaded. */
interface Emulator {
  readonly v86: { readonly cpu: { readonly option_roms: { name: string; data: Uint8Array }[] } };
  add_listener(event: "emulator-loaded", listener: () => void): void;
  run(): void;
}

const { resolve } = createRequire(import.meta.url);
const library = resolve("v86");
const { V86 } = (await import(library)) as { V86: new (options: object) => Emulator };

const emulator = new V86({
  wasm_path: library.replace(/libv86\.m?js$/, "v86.wasm"),
  memory_size: 32 * 1024 * 1024,
  vga_memory_size: 2 * 1024 * 1024,
  bios: { buffer: read(SEABIOS).buffer },
  vga_bios: { buffer: read(VGABIOS).buffer },
  net_device: { type: "ne2k", relay_url: process.argv[2] },
  autostart: false,
  disable_keyboard: true,
  disable_mouse: true,
  disable_speaker: true,
});
emulator.add_listener("emulator-loaded", () => {
  emulator.v86.cpu.option_roms.push({ name: "genroms/network.rom", data: read(NE2000_ROM) });
  emulator.run();
  process.stdout.write('{"event":"running"}\n');
});

/** Reads a file into its own memory, which the emulator takes over. */
function read(file: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(file));
}
