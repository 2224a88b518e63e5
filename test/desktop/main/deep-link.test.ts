import { describe, expect, it } from "vitest";
import { inviteAmong, PendingLink } from "../../../desktop/main/deep-link.ts";

const SECRET = "A".repeat(43);
const LINK = `laneway://relay.example/join#v1.default.${SECRET}`;

describe("a laneway:// link", () => {
  it("is found among other arguments", () => {
    expect(inviteAmong(["laneway-desktop", "--flag", LINK, "more"])).toBe(LINK);
    expect(inviteAmong(["laneway-desktop", "--hidden"])).toBeUndefined();
  });

  it.each([
    "laneway://relay.example/join",
    "laneway://relay.example/other#v1.default.x",
    `laneway://relay.example/join#v2.default.${SECRET}`,
    `laneway:relay.example/join#v1.default.${SECRET}`,
    `https://relay.example/join#v1.default.${SECRET}`,
    `javascript:alert(1)//${LINK}`,
    `--relay=${LINK}`,
    `laneway://relay.example/${"x/".repeat(2_000)}join#v1.default.${SECRET}`,
  ])("is nothing but a whole invite: not %s", (text) => {
    expect(inviteAmong([text])).toBeUndefined();
  });

  it("waits until the window has taken it, only the newest", () => {
    const arrived: string[] = [];
    const pending = new PendingLink((link) => arrived.push(link));
    pending.offer(["nothing"]);
    expect(pending.link).toBeUndefined();
    pending.offer([LINK]);
    const newer = LINK.replace("default", "acme");
    pending.offer([newer]);
    expect(pending.link).toBe(newer);
    expect(arrived).toEqual([LINK, newer]);
    pending.taken();
    expect(pending.link).toBeUndefined();
  });
});
