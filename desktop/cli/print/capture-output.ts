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

/** The destination of a capture: a file, a named pipe, or standard output. */
export class CaptureOutput {
  /** Its name in messages. */
  readonly name: string;
  readonly #stream: Writable;

  private constructor(name: string, stream: Writable) {
    this.name = name;
    this.#stream = stream;
    // Writers get the error; the next write notices a reader that left in between.
    stream.on("error", () => {});
  }

  /**
   * Opens the destination; an existing file is truncated.
   *
   * @param file its path, or `-` for standard output
   * @throws Fault `capture.output`
   */
  static open(file: string): CaptureOutput {
    if (file === "-") return new CaptureOutput("standard output", process.stdout);
    const { O_WRONLY, O_CREAT, O_NONBLOCK } = constants;
    try {
      // Only for its owner, because it contains private traffic. Does not wait for a pipe without a reader.
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
   * Writes bytes and waits until they are accepted.
   *
   * @returns false if the reader is gone
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

/** Removes an existing file's content and other users' access to it. */
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
