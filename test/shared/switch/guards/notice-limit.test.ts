import { describe, expect, it } from "vitest";
import { NOTICE_SECONDS, PortNoticeLimit } from "../../../../shared/switch/guards/notice-limit.ts";
import { KeepingPort } from "../ports.ts";

describe("the limit of notices", () => {
  it("is one a minute for each port, and allows the next after that", () => {
    const limit = new PortNoticeLimit();
    const [one, other] = [new KeepingPort("one"), new KeepingPort("other")];
    expect([limit.isDue(one, 5), limit.isDue(one, 6), limit.isDue(other, 6)]).toEqual([true, false, true]);
    expect([limit.isDue(one, 4 + NOTICE_SECONDS), limit.isDue(one, 5 + NOTICE_SECONDS)]).toEqual([
      false,
      true,
    ]);
    limit.detach(one);
    expect(limit.isDue(one, 6 + NOTICE_SECONDS)).toBe(true);
  });
});
