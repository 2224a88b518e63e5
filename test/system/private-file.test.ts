import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createPrivate, makePrivateDirectory, readOrMake, writePrivate } from "../../system/private-file.ts";

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "laneway-private-"));
  file = join(directory, "secret");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it("writes for the owner alone, and leaves no other file behind", () => {
  writePrivate(file, "one");
  expect(readFileSync(file, "utf8")).toBe("one");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory)).toEqual(["secret"]);
});

it("replaces an existing file, and its mode", () => {
  writeFileSync(file, "one, and longer");
  chmodSync(file, 0o644);
  writePrivate(file, "two");
  expect(readFileSync(file, "utf8")).toBe("two");
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it("creates a file once, and then keeps it", () => {
  expect(createPrivate(file, "one")).toBe(true);
  expect(createPrivate(file, "two")).toBe(false);
  expect(readFileSync(file, "utf8")).toBe("one");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory)).toEqual(["secret"]);
});

it("throws if it cannot write, and leaves nothing behind", () => {
  expect(() => writePrivate(join(directory, "missing", "secret"), "one")).toThrow(/ENOENT/);
  expect(() => createPrivate(join(file, "below"), "one")).toThrow(/ENOENT/);
  expect(readdirSync(directory)).toEqual([]);
});

it("returns the line written first, complete or not at all", () => {
  expect(readOrMake(file, () => "first")).toBe("first");
  expect(readOrMake(file, () => "second")).toBe("first");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory)).toEqual(["secret"]);
});

it("reads no line through a link, or from anything but a file", () => {
  const target = join(directory, "target");
  writeFileSync(target, "another's");
  symlinkSync(target, file);
  expect(() => readOrMake(file, () => "first")).toThrow(/ELOOP/);
  rmSync(file);
  mkdirSync(file);
  expect(() => readOrMake(file, () => "first")).toThrow(/not a file/);
});

it("keeps its files in a mount of its own, where users can only replace their own files", () => {
  const mount = join(directory, "mount");
  mkdirSync(mount);
  chmodSync(mount, 0o1777);
  expect(() => makePrivateDirectory(mount)).not.toThrow();
  writeFileSync(join(mount, "own"), "");
  expect(() => makePrivateDirectory(mount)).not.toThrow();
  // Only root can create another user's file; the tests run as root.
  writeFileSync(join(mount, "planted"), "");
  chownSync(join(mount, "planted"), 65_534, 65_534);
  expect(() => makePrivateDirectory(mount)).toThrow(/all users can write/);
});

it("keeps nothing in a directory that every user may write to, or that does not exist", () => {
  const open = join(directory, "open");
  mkdirSync(open);
  makePrivateDirectory(open);
  chmodSync(open, 0o777);
  expect(() => makePrivateDirectory(open)).toThrow(/all users can write/);
  writeFileSync(file, "");
  expect(() => makePrivateDirectory(file)).toThrow(/not a directory/);
  makePrivateDirectory(join(directory, "a", "b"));
  expect(statSync(join(directory, "a")).mode & 0o777).toBe(0o700);
});
