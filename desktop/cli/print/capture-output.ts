import {
  closeSync,
  constants,
  createWriteStream,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  type Stats,
} from "node:fs";
import { Socket } from "node:net";
import type { Writable } from "node:stream";
import { Fault } from "../../../shared/values/fault.ts";

/** Where a capture is written: a file, a named pipe, or standard output. */
export class CaptureOutput {
  /** What to call it. */
  readonly name: string;
  readonly #stream: Writable;

  private constructor(name: string, stream: Writable) {
    this.name = name;
    this.#stream = stream;
    // Whoever writes is told; a reader that goes in between is noticed by the next write.
    stream.on("error", () => {});
  }

  /**
   * Opens it; a file that is there already is begun anew.
   *
   * @param file its path, or `-` for standard output
   * @throws Fault `capture.output`
   */
  static open(file: string): CaptureOutput {
    if (file === "-") return new CaptureOutput("standard output", process.stdout);
    const { O_WRONLY, O_CREAT, O_NONBLOCK } = constants;
    try {
      // What people say to each other is in it: for the owner alone. And a pipe that nobody reads is not waited for.
      const fd = openSync(file, O_WRONLY | O_CREAT | O_NONBLOCK, 0o600);
      const found = fstatSync(fd);
      if (found.isFile()) beginAnew(fd, found);
      if (found.isBlockDevice()) {
        closeSync(fd);
        throw Object.assign(new Error("it is a disk"), { code: "ENOTSUP" });
      }
      const stream = found.isFIFO()
        ? new Socket({ fd, readable: false, writable: true })
        : createWriteStream(file, { fd });
      return new CaptureOutput(`'${file}'`, stream);
    } catch (error) {
      throw outputFault(`'${file}'`, error);
    }
  }

  /**
   * Writes these bytes and waits until they are taken.
   *
   * @returns false where nobody reads them any more
   * @throws Fault `capture.output`
   */
  async write(bytes: Uint8Array): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<NodeJS.ErrnoException | null | undefined>();
    this.#stream.write(bytes, resolve);
    const error = await promise;
    if (error === null || error === undefined) return true;
    if (error.code === "EPIPE") return false;
    throw outputFault(this.name, error);
  }
}

/** What a file that was there had, and who might read it. */
function beginAnew(fd: number, { uid }: Stats): void {
  ftruncateSync(fd);
  if (uid === process.geteuid?.()) fchmodSync(fd, 0o600);
}

function outputFault(name: string, error: unknown): Fault {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  const hints: Readonly<Record<string, string>> = {
    ENOSPC: "The disk is full: make room, or name a file elsewhere with -o.",
    ENOTSUP: "That is a disk and not a file on it: name a file with -o.",
    ENXIO: "Nobody reads this pipe yet: start Wireshark or tshark on it first.",
  };
  return new Fault({
    code: "capture.output",
    message: `can't write to ${name} (${code})`,
    hint: hints[code] ?? "Name a file that you may write with -o FILE, or '-' for standard output.",
    cause: error,
  });
}
