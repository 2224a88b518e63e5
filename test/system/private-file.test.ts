import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createPrivate, writePrivate } from "../../system/private-file.ts";

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "laneway-private-"));
  file = join(directory, "secret");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it("writes for the owner alone, and leaves nothing else behind", () => {
  writePrivate(file, "one");
  expect(readFileSync(file, "utf8")).toBe("one");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory)).toEqual(["secret"]);
});

it("replaces what was there, with its mode", () => {
  writeFileSync(file, "one, and longer");
  chmodSync(file, 0o644);
  writePrivate(file, "two");
  expect(readFileSync(file, "utf8")).toBe("two");
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it("creates once, and then keeps what there is", () => {
  expect(createPrivate(file, "one")).toBe(true);
  expect(createPrivate(file, "two")).toBe(false);
  expect(readFileSync(file, "utf8")).toBe("one");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory)).toEqual(["secret"]);
});

it("throws where it can't write, and leaves nothing behind", () => {
  expect(() => writePrivate(join(directory, "missing", "secret"), "one")).toThrow(/ENOENT/);
  expect(() => createPrivate(join(file, "below"), "one")).toThrow(/ENOENT/);
  expect(readdirSync(directory)).toEqual([]);
});
