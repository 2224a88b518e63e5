import { expect, it } from "vitest";
import { Backoff } from "../../../../desktop/agent/tunnel/backoff.ts";

it("waits longer with every attempt, from half a second to half a minute at most", () => {
  const backoff = new Backoff(() => 1);
  const delays = Array.from({ length: 30 }, () => backoff.next());
  expect(delays[0]).toBe(500);
  for (let i = 1; i < delays.length; i++) expect(delays[i]).toBeGreaterThanOrEqual(delays[i - 1] ?? 0);
  expect(delays.at(-1)).toBe(30_000);
});

it("spreads each delay from nothing to its bound", () => {
  expect(new Backoff(() => 0).next()).toBe(0);
  expect(new Backoff(() => 0.5).next()).toBe(250);
});

it("starts over after a healthy minute", () => {
  const backoff = new Backoff(() => 1);
  for (let i = 0; i < 5; i++) backoff.next();
  backoff.lasted(60_000);
  expect(backoff.next()).toBe(500);
});

it("starts over after each connection that joined a network and was cut", () => {
  const backoff = new Backoff(() => 1);
  for (let cut = 0; cut < 20; cut++) {
    expect(backoff.lasted(20_000, true)).toBe(true);
    expect(backoff.next()).toBe(500);
  }
});

it("ignores connections that work for less than a second", () => {
  const backoff = new Backoff(() => 1);
  const bounds = Array.from({ length: 30 }, () => {
    expect(backoff.lasted(999, true)).toBe(false);
    return backoff.next();
  });
  expect(bounds.at(-1)).toBe(30_000);
});

it("forgets failed attempts once one succeeds, but not short connections", () => {
  const backoff = new Backoff(() => 1);
  const bounds = [0, 1, 2, 3].map(() => {
    for (let i = 0; i < 10; i++) backoff.next();
    backoff.lasted(59_999);
    return backoff.next();
  });
  expect(bounds[0]).toBeLessThan(1_000);
  for (let i = 1; i < bounds.length; i++) expect(bounds[i]).toBeGreaterThan(bounds[i - 1] ?? 0);
});
