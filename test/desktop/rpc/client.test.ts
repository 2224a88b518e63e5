import { chmod, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RpcClient } from "../../../desktop/rpc/client.ts";
import { ANSWER_BYTES } from "../../../desktop/rpc/message.ts";
import { requires } from "../../support/requirements.ts";

let directory: string;
let socket: string;
let server: Server | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "laneway-client-"));
  socket = join(directory, "agent.sock");
});
afterEach(async () => {
  server?.close();
  server = undefined;
  await rm(directory, { recursive: true });
});

/** Plays a server in the agent's place, with this answer to every line. */
async function impostor(answer: (line: string) => string): Promise<void> {
  const made = createServer((caller) => {
    caller.on("error", () => {});
    caller.on("data", (chunk) => caller.write(answer(chunk.toString())));
  });
  server = made;
  await new Promise<void>((resolve) => made.listen(socket, resolve));
}

const connect = () => RpcClient.connect({ socket, client: "test" });

describe("a caller of the agent", () => {
  it("gets an error if no agent runs", async () => {
    await expect(connect()).rejects.toMatchObject({ code: "agent.not-running" });
    await writeFile(socket, "");
    await expect(connect()).rejects.toMatchObject({ code: "agent.untrusted-socket" });
  });

  it.runIf(requires("root"))("talks only to an agent of root or of its own user", async () => {
    let heard = 0;
    await impostor(() => {
      heard++;
      return "";
    });
    await chown(socket, 65_534, 65_534);
    await chmod(socket, 0o666);
    await expect(connect()).rejects.toMatchObject({ code: "agent.untrusted-socket", message: /user 65534/ });
    expect(heard).toBe(0);
  });

  it.each([
    ["no JSON", "what?\n"],
    ["no answer", '{"jsonrpc":"2.0"}\n'],
    ["an answer without end", `"${"x".repeat(ANSWER_BYTES)}`],
  ])("gives up on %s", async (_what, answer) => {
    await impostor(() => answer);
    await expect(connect()).rejects.toMatchObject({ code: "agent.gone" });
  });

  it("reports an answer that this version does not know", async () => {
    await impostor(() => '{"jsonrpc":"2.0","id":1,"result":{"version":"two"}}\n');
    await expect(connect()).rejects.toMatchObject({ code: "agent.version" });
  });

  it("stops waiting when its signal is aborted", async () => {
    await impostor(() => "");
    const stop = new AbortController();
    const connecting = RpcClient.connect({ socket, client: "test", signal: stop.signal });
    setTimeout(() => stop.abort(new Error("enough")), 50);
    await expect(connecting).rejects.toThrow("enough");
  });
});
