import { spawn } from "node:child_process";
import { describe, expect, it } from "vitest";
import { JsonProcess } from "../../../../desktop/demo/lab/json-process.ts";

function start(script: string): JsonProcess {
  const child = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "pipe"] });
  return new JsonProcess(child, "laneway test");
}

describe("a command that prints JSON lines", () => {
  it("waits for an event, printed before or after", async () => {
    await using command = start(
      `echo '{"event":"up","n":1}'; sleep 0.2; echo '{"event":"down"}'; exec sleep 1000`,
    );
    expect(await command.event("down")).toEqual({ event: "down" });
    expect(await command.event("up")).toEqual({ event: "up", n: 1 });
  });

  it("waits for an event from a certain line on", async () => {
    await using command = start(`for n in 1 2; do echo '{"event":"up","n":'$n'}'; done; exec sleep 1000`);
    expect(await command.event("up", { from: 1 })).toEqual({ event: "up", n: 2 });
  });

  it("reports its standard error if it ends before that", async () => {
    await using command = start("echo 'port 1 is taken' >&2; echo 'choose another' >&2; exit 1");
    await expect(command.event("listening")).rejects.toMatchObject({
      code: "lab.ended-early",
      message: "laneway test ended before it was ready: port 1 is taken; choose another",
    });
    expect(await command.ended).toBe(1);
  });

  it("is waited for until the timeout", async () => {
    await using command = start("exec sleep 1000");
    await expect(command.event("up", { timeout: 50 })).rejects.toMatchObject({ code: "lab.timeout" });
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(command.event("up", { signal })).rejects.toThrow("enough");
  });

  it("keeps lines that are not JSON as text", async () => {
    await using command = start("echo hello; exec sleep 1000");
    expect(await command.waitFor(() => true)).toEqual({ text: "hello" });
  });

  it("ends with its exit code when it is stopped", async () => {
    const command = start(`trap 'exit 7' TERM; echo '{"event":"up"}'; while :; do sleep 0.05; done`);
    await command.event("up");
    expect(await command.stop()).toBe(7);
  });

  it("fails if the command does not exist", async () => {
    const command = new JsonProcess(spawn("/no/such/command", { stdio: "pipe" }), "laneway test");
    await expect(command.event("up")).rejects.toMatchObject({ code: "lab.ended-early" });
  });
});
