import { expect, it } from "vitest";
import { KeptNotices } from "../../../../desktop/agent/network/kept-notices.ts";

it("keeps the latest eight notices, each for ten minutes after its last repetition", () => {
  let now = 0;
  const notices = new KeptNotices(() => now);
  const codes = () => notices.problems.map(({ code }) => code);
  for (let i = 1; i <= 10; i++) {
    now += 1_000;
    notices.add(`n${i}`, "again");
  }
  expect(codes()).toEqual(["n3", "n4", "n5", "n6", "n7", "n8", "n9", "n10"]);
  now += 300_000;
  notices.add("n3", "again");
  now += 301_000;
  expect(codes()).toEqual(["n3"]);
  expect(notices.problems).toMatchObject([{ code: "n3", message: "again" }]);
  now += 600_000;
  expect(codes()).toEqual([]);
});
