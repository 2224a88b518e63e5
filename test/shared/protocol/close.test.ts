import { expect, it } from "vitest";
import { afterClose, closeReason } from "../../../shared/protocol/close.ts";

it("maps each close code of docs/protocol.md to a client's reaction", () => {
  const stop = [1009, 4001, 4002, 4003, 4004, 4009];
  const reconnect = [1000, 1001, 1006, 1008, 1011, 1013, 4008, 4999];
  for (const code of stop) expect(afterClose(code), String(code)).toBe("stop");
  for (const code of reconnect) expect(afterClose(code), String(code)).toBe("reconnect");
  expect(afterClose(1012)).toBe("reconnect-soon");
  // Relays from before 4008 use the code of wrong credentials for a late hello.
  expect(afterClose(4001, "no hello within 5 seconds")).toBe("reconnect");
});

it("cuts a reason to the 123 bytes of a close frame, between characters", () => {
  expect(closeReason("plain words")).toBe("plain words");
  const cut = closeReason("é".repeat(100));
  expect(new TextEncoder().encode(cut).length).toBe(122);
  expect(cut).toBe("é".repeat(61));
});
