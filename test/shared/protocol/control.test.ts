import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clientMessage, parseControl, relayMessage } from "../../../shared/protocol/control.ts";

const parse = (value: unknown) => parseControl(clientMessage, JSON.stringify(value));

describe("a control message", () => {
  it("is read with the known fields", () => {
    expect(parse({ type: "join", vni: 101, colour: "blue" })).toEqual({
      kind: "message",
      message: { type: "join", vni: 101 },
    });
  });

  it("of an unknown type is distinguished from an invalid one", () => {
    expect(parse({ type: "dance" })).toEqual({ kind: "unknown", type: "dance" });
    expect(parse({ type: "join", vni: 0 })).toMatchObject({ kind: "invalid", type: "join", vni: 0 });
    expect(parse({ type: "join" })).toMatchObject({ kind: "invalid", type: "join", vni: undefined });
  });

  it("must be one JSON object with a type", () => {
    for (const text of ["", "{", "7", "[]", '"join"', "null", '{"vni":1}', '{"type":7}']) {
      expect(parseControl(clientMessage, text).kind, text).toBe("malformed");
    }
  });

  it("never makes the parser throw, whatever the text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        parseControl(clientMessage, text);
        parseControl(relayMessage, text);
      }),
    );
  });

  it("carries the credentials of docs/protocol.md, and ignores other forms", () => {
    const hello = { type: "hello", version: 1, client: { name: "lab-pc" }, features: [] };
    const token = { method: "token", token: "t" };
    const device = { method: "device", device: "d", signature: "s" };
    expect(parse({ ...hello, auth: token })).toMatchObject({ message: { auth: token } });
    expect(parse({ ...hello, auth: device })).toMatchObject({ message: { auth: device } });
    expect(parse({ ...hello, auth: { method: "charm" } })).toMatchObject({
      kind: "message",
      message: { auth: undefined },
    });
  });

  it("is known for every type that a relay sends", () => {
    const member = {
      vtep: "v",
      name: "n",
      online: true,
      endpoints: [{ mac: "02:00:00:00:00:01", addresses: [] }],
    };
    const messages = [
      { type: "challenge", nonce: "n", relay: "https://relay.example" },
      { type: "joined", vni: 101, members: [member] },
      { type: "left", vni: 101 },
      { type: "member", vni: 101, event: "left", member },
      { type: "drain", after_seconds: 0 },
      { type: "notice", code: "c", message: "m" },
      { type: "error", code: "c", message: "m", request: "join", vni: 101 },
      { type: "pong", id: 1 },
    ];
    for (const message of messages) {
      expect(parseControl(relayMessage, JSON.stringify(message))).toEqual({ kind: "message", message });
    }
  });
});
