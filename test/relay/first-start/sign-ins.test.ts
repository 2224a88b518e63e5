import { expect, it } from "vitest";
import { SignIns } from "../../../relay/first-start/sign-ins.ts";

it("exchanges a code for the administrator's token, once", async () => {
  const signIns = new SignIns("TOKEN", () => 0);
  const { code } = await signIns.create();
  expect(await signIns.take(`${code}x`)).toBeUndefined();
  expect(await signIns.take(code)).toBe("TOKEN");
  expect(await signIns.take(code)).toBeUndefined();
});

it("refuses a code that is an hour old", async () => {
  let now = 1_000;
  const signIns = new SignIns("TOKEN", () => now);
  const [used, late] = [await signIns.create(), await signIns.create()];
  expect(late.expiresAt).toBe(4_600);
  now = 4_599;
  expect(await signIns.take(used.code)).toBe("TOKEN");
  now = 4_600;
  expect(await signIns.take(late.code)).toBeUndefined();
});

it("keeps the latest 16 codes", async () => {
  const signIns = new SignIns("TOKEN", () => 0);
  const codes: string[] = [];
  for (let i = 0; i < 17; i++) codes.push((await signIns.create()).code);
  expect(await signIns.take(codes[0] ?? "")).toBeUndefined();
  expect(await signIns.take(codes[1] ?? "")).toBe("TOKEN");
  expect(await signIns.take(codes[16] ?? "")).toBe("TOKEN");
});
