import { expect, it } from "vitest";
import { afterClose, closeReason } from "../../../shared/protocol/close.ts";

it("says what a client does after each close code of the protocol's page", () => {
  const stop = [1009, 4001, 4002, 4003, 4004, 4009];
  const reconnect = [1000, 1001, 1006, 1008, 1011, 1013, 4008, 4999];
  for (const code of stop) expect(afterClose(code), String(code)).toBe("stop");
  for (const code of reconnect) expect(afterClose(code), String(code)).toBe("reconnect");
  expect(afterClose(1012)).toBe("reconnect-soon");
  // Relays before 4008 have the code of wrong credentials for a hello that is late.
  expect(afterClose(4001, "no hello within 5 seconds")).toBe("reconnect");
});

it("cuts a reason to the 123 bytes of a close frame, between characters", () => {
  expect(closeReason("plain words")).toBe("plain words");
  const cut = closeReason("é".repeat(100));
  expect(new TextEncoder().encode(cut).length).toBe(122);
  expect(cut).toBe("é".repeat(61));
});
