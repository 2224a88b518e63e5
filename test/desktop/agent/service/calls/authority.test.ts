import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createConnection, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Authority } from "../../../../../desktop/agent/service/calls/authority.ts";
import { loadSocketNative } from "../../../../../desktop/agent/service/calls/socket-native.ts";
import { requires } from "../../../../support/requirements.ts";

const by = (uid: number, ...gids: number[]) => ({ pid: 1, uid, gids: new Set(gids) });

describe("the right to change things", () => {
  const authority = new Authority(900, () => 950);

  it("belongs to root, the agent's own user, and members of the group", () => {
    expect(authority.mayChange(by(0, 0))).toBe(true);
    expect(authority.mayChange(by(900, 900))).toBe(true);
    expect(authority.mayChange(by(1_000, 1_000, 950))).toBe(true);
    expect(authority.mayChange(by(1_000, 1_000, 900))).toBe(false);
  });

  it("belongs to no one else without that group", () => {
    const without = new Authority(900, () => undefined);
    expect(without.mayChange(by(1_000, 0, 900, 950))).toBe(false);
  });
});

describe.runIf(requires("root"))("the peer of a socket", () => {
  it("is reported by the kernel, with all groups", async () => {
    const directory = await mkdtemp(join(tmpdir(), "laneway-peer-"));
    await chmod(directory, 0o755);
    const path = join(directory, "socket");
    const native = await loadSocketNative();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    await chmod(path, 0o666);
    const connected = new Promise<Socket>((resolve) => server.once("connection", resolve));
    const caller = as({ uid: 65_534, gid: 65_534, groups: [61_001, 61_002] }, () => createConnection(path));
    try {
      const socket = await connected;
      const peer = native.peer(socket);
      expect(peer?.uid).toBe(65_534);
      expect([...(peer?.gids ?? [])].sort()).toEqual([61_001, 61_002, 65_534]);
      socket.destroy();
      expect(native.peer(socket)).toBeUndefined();
    } finally {
      caller.destroy();
      server.close();
      await rm(directory, { recursive: true });
    }
  });
});

/** Does something as another user: the kernel notes the user at that time. */
function as<Result>(who: { uid: number; gid: number; groups: number[] }, work: () => Result): Result {
  const { setgroups, setegid, seteuid, getgroups } = process;
  if (!setgroups || !setegid || !seteuid || !getgroups) throw new Error("this system has no users");
  const before = getgroups();
  setgroups(who.groups);
  setegid(who.gid);
  seteuid(who.uid);
  try {
    return work();
  } finally {
    seteuid(0);
    setegid(0);
    setgroups(before);
  }
}
