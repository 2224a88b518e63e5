/**
 * Captures into files that the user chose: the agent reads the frames, and the app, which runs as the user, writes
 * them.
 */
import { constants, type FileHandle, open } from "node:fs/promises";
import { Fault } from "../../../shared/values/fault.ts";
import type { BridgeEventData } from "../../rpc/bridge.ts";
import type { Call, EventData } from "../../rpc/schema.ts";
import type { Problem } from "../../rpc/shapes.ts";

export type CaptureState = BridgeEventData<"app.capture">;

export interface CaptureFilesOptions {
  readonly agent: Call;
  readonly changed: (state: CaptureState) => void;
}

/** Maximum bytes that wait to be written. Then the capture ends, because a file with gaps is useless. */
const WAITING_BYTES = 64 * 1024 * 1024;

interface Running {
  readonly file: string;
  readonly handle: FileHandle;
  packets: number;
  bytes: number;
  /** Bytes that are not written yet. */
  waiting: number;
  /** Resolves once the previous writes are done. */
  written: Promise<void>;
  error: Problem | undefined;
}

/** The running captures. */
export class CaptureFiles {
  readonly #options: CaptureFilesOptions;
  readonly #running = new Map<string, Running>();
  /** Pieces of jobs whose start is not answered yet: the agent may send them before its answer is read. */
  readonly #early = new Map<string, EventData<"capture">[]>();
  #starting = 0;

  constructor(options: CaptureFilesOptions) {
    this.#options = options;
  }

  /**
   * Starts a capture of this machine's port in a network.
   *
   * @param file is created, or truncated
   * @returns the agent's job
   * @throws Fault if the file can't be written or the agent refuses
   */
  async start(network: string, seconds: number | undefined, file: string): Promise<string> {
    const handle = await openFile(file);
    this.#starting++;
    try {
      const limit = seconds === undefined ? {} : { seconds };
      const { job } = await this.#options.agent("capture.start", { network, ...limit });
      this.#running.set(job, {
        file,
        handle,
        packets: 0,
        bytes: 0,
        waiting: 0,
        written: Promise.resolve(),
        error: undefined,
      });
      this.#tell(job, "running");
      for (const piece of this.#early.get(job) ?? []) this.heard(piece);
      return job;
    } catch (error) {
      await handle.close();
      throw error;
    } finally {
      if (--this.#starting === 0) this.#early.clear();
    }
  }

  /** Ends a capture normally; its last pieces come before `done`. */
  async stop(job: string): Promise<void> {
    await this.#options.agent("capture.stop", { job });
  }

  heard(piece: EventData<"capture">): void {
    const running = this.#running.get(piece.job);
    if (running === undefined) {
      if (this.#starting > 0) this.#early.set(piece.job, [...(this.#early.get(piece.job) ?? []), piece]);
      return;
    }
    const bytes = Buffer.from(piece.data, "base64");
    if (running.waiting + bytes.length > WAITING_BYTES) {
      this.#failed(piece.job, running, new Error("the disk is slower than the network"));
    }
    if (running.error !== undefined) return;
    running.packets = piece.frames;
    running.bytes += bytes.length;
    running.waiting += bytes.length;
    running.written = running.written
      .then(async () => {
        await running.handle.write(bytes);
        running.waiting -= bytes.length;
      })
      .catch((error: unknown) => this.#failed(piece.job, running, error));
    this.#tell(piece.job, "running");
  }

  /** Ends a capture whose job is done. @returns whether the job was a capture */
  done({ job, outcome, error }: EventData<"done">): boolean {
    const running = this.#running.get(job);
    if (running === undefined) return false;
    void this.#end(job, running, outcome === "failed", error ?? undefined);
    return true;
  }

  /** Ends all captures: the agent is gone. */
  lost(): void {
    for (const [job, running] of this.#running) {
      void this.#end(job, running, true, {
        code: "agent.gone",
        message: "the Laneway service went away during the capture",
        hint: "What was captured until then is in the file.",
      });
    }
  }

  async #end(job: string, running: Running, failed: boolean, error: Problem | undefined): Promise<void> {
    await running.written;
    await running.handle.close();
    this.#running.delete(job);
    running.error ??= error;
    this.#tell(job, failed || running.error !== undefined ? "failed" : "done", running);
  }

  #failed(job: string, running: Running, error: unknown): void {
    if (running.error !== undefined) return;
    running.error = asError(unwritable(running.file, error));
    void this.stop(job).catch(() => {});
  }

  #tell(job: string, state: CaptureState["state"], running = this.#running.get(job)): void {
    if (running === undefined) return;
    const { file, packets, bytes, error } = running;
    this.#options.changed({ job, state, file, packets, bytes, ...(error === undefined ? {} : { error }) });
  }
}

async function openFile(file: string): Promise<FileHandle> {
  try {
    // Traffic is private to the network's members, even in a file that other users could read before.
    const { O_WRONLY, O_CREAT, O_NONBLOCK = 0 } = constants;
    const handle = await open(file, O_WRONLY | O_CREAT | O_NONBLOCK, 0o600);
    try {
      if (!(await handle.stat()).isFile()) throw new Error("it is not a file");
      await handle.truncate();
      await handle.chmod(0o600);
    } catch (error) {
      await handle.close();
      throw error;
    }
    return handle;
  } catch (error) {
    throw unwritable(file, error);
  }
}

function unwritable(file: string, error: unknown): Fault {
  return new Fault({
    code: "app.file-unwritable",
    message: `'${file}' can't be written: ${error instanceof Error ? error.message : String(error)}`,
    hint: "Choose another place, or make room on the disk.",
    cause: error,
  });
}

function asError({ code, message, hint }: Fault): Problem {
  return { code, message, hint };
}
