import { spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { listenAt } from "../../system/socket-file.ts";

let directory: string;
let path: string;
let servers: Server[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "laneway-socket-"));
  path = join(directory, "s.sock");
  servers = [];
});
afterEach(() => {
  for (const server of servers) server.close();
  rmSync(directory, { recursive: true, force: true });
});

async function open(mode?: number) {
  const server = createServer((socket) => socket.destroy());
  servers.push(server);
  const file = await listenAt(server, { path, ...(mode !== undefined && { mode }) });
  return { server, file };
}

/** A socket's file without a listener. */
function leaveStale(): void {
  const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", script]);
}

it("listens at a path, with its mode and no other file beside it, and removes it", async () => {
  const { file } = await open(0o660);
  expect(statSync(path).mode & 0o777).toBe(0o660);
  expect(readdirSync(directory)).toEqual(["s.sock"]);
  await once(connect(path), "connect");
  file.remove();
  expect(readdirSync(directory)).toEqual([]);
});

it("replaces a socket without a listener", async () => {
  leaveStale();
  expect(statSync(path).isSocket()).toBe(true);
  await open();
  await once(connect(path), "connect");
});

it("leaves a socket alone if another process listens at it", async () => {
  await open();
  await expect(open()).rejects.toMatchObject({ by: "listening" });
  await once(connect(path), "connect");
});

it("leaves anything else alone, and says what it is", async () => {
  writeFileSync(path, "precious");
  await expect(open()).rejects.toMatchObject({
    by: "file",
    message: expect.stringContaining("a file is at"),
  });
  expect(readFileSync(path, "utf8")).toBe("precious");

  rmSync(path);
  mkdirSync(path);
  await expect(open()).rejects.toMatchObject({ message: expect.stringContaining("a directory is at") });

  rmSync(path, { recursive: true });
  const target = join(directory, "target");
  writeFileSync(target, "precious");
  symlinkSync(target, path);
  await expect(open()).rejects.toMatchObject({ message: expect.stringContaining("a symbolic link is at") });
  expect(readFileSync(target, "utf8")).toBe("precious");
  expect(readdirSync(directory).sort()).toEqual(["s.sock", "target"]);
});

it("does not remove a file that took the path later", async () => {
  const { server, file } = await open();
  rmSync(path);
  writeFileSync(path, "precious");
  file.remove();
  server.close();
  await once(server, "close");
  expect(readFileSync(path, "utf8")).toBe("precious");
});

it("refuses a path that is too long for a socket", async () => {
  path = join(directory, "x".repeat(120));
  await expect(open()).rejects.toMatchObject({ code: "ENAMETOOLONG" });
});
