import { Hono } from "hono";
import { SourceCounter } from "../arrivals/source.ts";
import { installScript } from "../packages/install-script.ts";
import type { PackageDirectory } from "../packages/package-directory.ts";
import type { ApiEnv } from "./kernel/access.ts";
import { problemResponse } from "./kernel/problem.ts";

/** Maximum number of downloads at a time: in all, and of one source. */
const DOWNLOADS = 64;
const DOWNLOADS_EACH = 8;

/** Returns the app that serves the clients' packages and the script that installs them. */
export function packagesApp(directory: PackageDirectory | undefined): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  const list = async () => (await directory?.list()) ?? [];
  const downloads = new SourceCounter(DOWNLOADS_EACH);
  let count = 0;

  app.get("/install.sh", async (context) => {
    if (directory === undefined) return nothing("this relay serves no packages");
    context.header("cache-control", "no-store");
    return context.text(installScript(context.env.reachedAt.base, await list()));
  });
  app.get("/packages/index.json", async (context) => {
    context.header("cache-control", "no-store");
    return context.json(await list());
  });
  app.get("/packages/:name", async (context) => {
    const { address, heard } = context.env;
    if (count >= DOWNLOADS || downloads.isFull(address))
      return problemResponse(503, "packages.busy", "too many downloads at a time", "Try again in a minute.");
    const opened = await directory?.read(context.req.param("name"));
    if (opened === undefined) return nothing("there is no such package");
    const { found, stream } = opened;
    count++;
    downloads.add(address);
    const body = watched(stream, heard, () => {
      count--;
      downloads.remove(address);
    });
    return new Response(body, {
      headers: {
        "content-type": "application/octet-stream",
        "content-length": String(found.bytes),
        etag: `"${found.sha256}"`,
        "cache-control": "no-cache",
        "x-content-type-options": "nosniff",
      },
    });
  });
  return app;
}

/** Returns the stream, and calls `heard` for each chunk, and `ended` once. */
function watched(
  stream: ReadableStream<Uint8Array>,
  heard: () => void,
  ended: () => void,
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  let isOpen = true;
  const end = () => {
    if (isOpen) ended();
    isOpen = false;
  };
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          heard();
          if (!done) return controller.enqueue(value);
          end();
          controller.close();
        } catch (error) {
          end();
          throw error;
        }
      },
      async cancel(reason) {
        end();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

function nothing(what: string): Response {
  return problemResponse(404, "path.unknown", what, "Start the relay with --packages DIR.");
}
