import { expect, it } from "vitest";
import { GuessLimiter } from "../../../relay/arrivals/guess-limiter.ts";

it("lets an address guess as often as people mistype, and then slows it down", () => {
  let now = 0;
  const limiter = new GuessLimiter(() => now);
  const guess = (address = "192.0.2.1") => limiter.wrong(address);
  for (let i = 0; i < 100; i++) expect(guess()).toBeUndefined();
  expect(guess()).toBe(1);
  expect(guess("192.0.2.2")).toBeUndefined();
  now = 1;
  for (let i = 0; i < 5; i++) expect(guess()).toBeUndefined();
  expect(guess()).toBe(1);
  now = 1_000;
  for (let i = 0; i < 100; i++) expect(guess()).toBeUndefined();
  expect(guess()).toBe(1);
});

it("counts a /64 of IPv6 as one address", () => {
  const limiter = new GuessLimiter(() => 0);
  for (let i = 0; i < 100; i++) limiter.wrong(`2001:db8::${i.toString(16)}`);
  expect(limiter.wrong("2001:db8::ffff:1")).toBe(1);
  expect(limiter.wrong("2001:db8:0:1::1")).toBeUndefined();
});

it("gives a /48 of IPv6 four times as many guesses, however many /64s it has", () => {
  const limiter = new GuessLimiter(() => 0);
  for (let i = 0; i < 400; i++) {
    expect(limiter.wrong(`2001:db8:0:${i.toString(16)}::1`)).toBeUndefined();
  }
  expect(limiter.wrong("2001:db8:0:ffff::1")).toBe(1);
  expect(limiter.wrong("2001:db8:1::1")).toBeUndefined();
});

it("remembers a limited number of addresses, and forgets the longest silent one", () => {
  const limiter = new GuessLimiter(() => 0);
  const address = (i: number) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
  for (let i = 0; i < 101; i++) limiter.wrong(address(0));
  expect(limiter.wrong(address(0))).toBe(1);
  for (let i = 1; i < 50_000; i++) limiter.wrong(address(i));
  expect(limiter.wrong(address(0))).toBe(1);
  for (let i = 1; i <= 50_000; i++) limiter.wrong(address(i));
  expect(limiter.wrong(address(0))).toBeUndefined();
});
