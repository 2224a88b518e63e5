// RFC 6455's rules on a connection, byte by byte. `ws` must pass those that it implements too, as a check of the tests.
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Framing } from "../../../system/websocket/framing.ts";
import { dial, type End, Listener, MAX_BYTES } from "./pair.ts";
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  closing,
  KEY,
  PING,
  PONG,
  type RawFrame,
  RawPeer,
  TEXT,
} from "./raw.ts";

interface Facing extends AsyncDisposable {
  readonly end: End;
  readonly peer: RawPeer;
}

type Face = (framing: Framing, first?: Uint8Array) => Promise<Facing>;

/** A server's end that receives a test's bytes. */
async function serverFacing(framing: Framing, first?: Uint8Array): Promise<Facing> {
  const stack = new AsyncDisposableStack();
  const listener = stack.use(await Listener.start({ framing }));
  const peer = stack.use(await RawPeer.toServer(listener.port, first));
  const { end } = await listener.first();
  return { end, peer, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** A client's end. */
async function clientFacing(framing: Framing, first?: Uint8Array): Promise<Facing> {
  let end: End | undefined;
  const peer = await RawPeer.toClient(async (url) => {
    end = await dial(url, framing);
  }, first);
  return {
    end: end as unknown as End,
    peer,
    [Symbol.asyncDispose]: async () => {
      (end as unknown as End).socket.terminate();
      await peer[Symbol.asyncDispose]();
    },
  };
}

const HALF = { opcode: TEXT, payload: "half", final: false };

/** The inputs that close a connection, and the code for each. */
const OFFENCES: readonly (readonly [what: string, code: number, frames: readonly RawFrame[]])[] = [
  ["RSV1 set", 1_002, [{ opcode: BINARY, reserved: 4 }]],
  ["RSV2 set", 1_002, [{ opcode: BINARY, reserved: 2 }]],
  ["RSV3 set", 1_002, [{ opcode: BINARY, reserved: 1 }]],
  ["a reserved bit set in a control frame", 1_002, [{ opcode: PING, reserved: 4 }]],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(
    (opcode) => [`the reserved opcode ${opcode}`, 1_002, [{ opcode }]] as const,
  ),
  ["a fragmented ping", 1_002, [{ opcode: PING, final: false }]],
  ["a fragmented close", 1_002, [{ opcode: CLOSE, final: false }]],
  ["a ping of 126 bytes", 1_002, [{ opcode: PING, payload: "x".repeat(126) }]],
  ["a close of 126 bytes", 1_002, [{ opcode: CLOSE, payload: closing(1_000, "x".repeat(124)) }]],
  ["a continuation of nothing", 1_002, [{ opcode: CONTINUATION, payload: "x" }]],
  ["a continuation of a message that has ended", 1_002, [{ opcode: TEXT }, { opcode: CONTINUATION }]],
  ["a text within a message", 1_002, [HALF, { opcode: TEXT }]],
  ["a binary message within a text", 1_002, [HALF, { opcode: BINARY }]],
  ["a message over the limit", 1_009, [{ opcode: BINARY, length: BigInt(MAX_BYTES + 1) }]],
  ["a message of 2^33 bytes", 1_009, [{ opcode: BINARY, length: 2n ** 33n }]],
  [
    "fragments that together exceed the limit",
    1_009,
    [
      { opcode: BINARY, payload: Buffer.alloc(MAX_BYTES), final: false },
      { opcode: CONTINUATION, payload: "x" },
    ],
  ],
  ["text that is not UTF-8", 1_007, [{ opcode: TEXT, payload: Buffer.from("61ff62", "hex") }]],
  ["text with a surrogate", 1_007, [{ opcode: TEXT, payload: Buffer.from("eda080", "hex") }]],
  ["text with an overlong character", 1_007, [{ opcode: TEXT, payload: Buffer.from("c080", "hex") }]],
  ["text beyond Unicode", 1_007, [{ opcode: TEXT, payload: Buffer.from("f4908080", "hex") }]],
  ["text that ends within a character", 1_007, [{ opcode: TEXT, payload: Buffer.from("e282", "hex") }]],
  [
    "text that ends within a character, in its second fragment",
    1_007,
    [
      { opcode: TEXT, payload: "a", final: false },
      { opcode: CONTINUATION, payload: Buffer.from("e282", "hex") },
    ],
  ],
  ["a close of one byte", 1_002, [{ opcode: CLOSE, payload: "x" }]],
  ...[0, 999, 1_004, 1_005, 1_006, 1_015, 1_016, 1_100, 2_000, 2_999, 5_000, 65_535].map(
    (code) => [`a close with ${code}`, 1_002, [{ opcode: CLOSE, payload: closing(code) }]] as const,
  ),
  [
    "a close whose reason is not UTF-8",
    1_007,
    [{ opcode: CLOSE, payload: closing(1_000, Buffer.from("ff", "hex")) }],
  ],
];

/** The inputs that `ws` accepts. */
const OWN_OFFENCES: typeof OFFENCES = [
  ["a length of 125 in 16 bits", 1_002, [{ opcode: BINARY, payload: Buffer.alloc(125), lengthBytes: 2 }]],
  ["a length of 0 in 64 bits", 1_002, [{ opcode: BINARY, lengthBytes: 8 }]],
  ["a length of 65535 in 64 bits", 1_002, [{ opcode: BINARY, length: 65_535n, lengthBytes: 8 }]],
  ["a length with the top bit set", 1_002, [{ opcode: BINARY, length: 2n ** 63n }]],
  ["the greatest possible length", 1_002, [{ opcode: BINARY, length: 2n ** 64n - 1n }]],
];

const CASES: readonly (readonly [name: string, framing: Framing, face: Face, client: boolean])[] = [
  ["our own server", "own", serverFacing, false],
  ["our own client", "own", clientFacing, true],
  ["the server of ws", "ws", serverFacing, false],
  ["the client of ws", "ws", clientFacing, true],
];

describe.each(CASES)("%s", (_name, framing, face, client) => {
  it.each(framing === "own" ? [...OFFENCES, ...OWN_OFFENCES] : OFFENCES)(
    "fails the connection at %s, with %d",
    async (_what, code, frames) => {
      await using facing = await face(framing);
      const { peer, end } = facing;
      peer.send({ opcode: TEXT, payload: "before" }, ...frames, { opcode: TEXT, payload: "after" });
      expect(await peer.closeCode()).toBe(code);
      peer.send({ opcode: CLOSE, payload: closing(code) });
      peer.socket.end();
      await peer.hungUp();
      expect((await end.ended())?.code).toBe(1_006);
      expect(end.messages).not.toContain("after");
      expect(end.messages[0]).toBe("before");
    },
  );

  it(`fails the connection at a frame that is ${client ? "masked" : "not masked"}`, async () => {
    await using facing = await face(framing);
    facing.peer.send({ opcode: TEXT, payload: "x", key: client ? KEY : undefined });
    expect(await facing.peer.closeCode()).toBe(1_002);
    facing.peer.socket.end();
    await facing.end.ended();
    expect(facing.end.messages).toEqual([]);
  });

  it("joins fragments into one message, including empty ones, with control frames between them", async () => {
    await using facing = await face(framing);
    const { peer, end } = facing;
    peer.send(
      { opcode: BINARY, payload: "ab", final: false },
      { opcode: PING, payload: "one" },
      { opcode: CONTINUATION, final: false },
      { opcode: CONTINUATION, payload: "c", final: false },
      { opcode: PONG, payload: "unasked" },
      { opcode: CONTINUATION },
      { opcode: TEXT, final: false },
      { opcode: CONTINUATION, payload: "d" },
    );
    expect(await end.heard(2)).toEqual([Buffer.from("abc"), "d"]);
    expect(await peer.frame()).toMatchObject({ opcode: PONG, payload: Buffer.from("one") });
    await end.until(({ alives }) => alives === 2);
  });

  it("accepts text split within a character, at every byte", async () => {
    await using facing = await face(framing);
    const text = "aä€😀\u0000";
    const bytes = Buffer.from(text);
    const splits = Array.from({ length: bytes.length + 1 }, (_, at) => at);
    for (const at of splits) {
      facing.peer.send(
        { opcode: TEXT, payload: bytes.subarray(0, at), final: false },
        { opcode: CONTINUATION, payload: bytes.subarray(at) },
      );
    }
    expect(await facing.end.heard(splits.length)).toEqual(splits.map(() => text));
  });

  it("reads frames byte by byte", async () => {
    await using facing = await face(framing);
    const { peer, end } = facing;
    peer.socket.setNoDelay(true);
    const payload = Buffer.from(Array.from({ length: 130 }, (_, i) => i));
    for (const byte of peer.bytes({ opcode: BINARY, payload }, { opcode: TEXT, payload: "x" })) {
      await new Promise((resolve) => peer.socket.write(Uint8Array.of(byte), resolve));
    }
    expect(await end.heard(2)).toEqual([payload, "x"]);
  });

  it("receives what came in one piece with the handshake, including the first half of a frame", async () => {
    const key = client ? undefined : KEY;
    const whole = Buffer.concat(
      ["first", "second"].map((payload) => {
        const body = Buffer.from(payload).map((byte, i) => byte ^ (key?.[i % 4] ?? 0));
        const head = Uint8Array.of(0x81, (key === undefined ? 0 : 0x80) | body.length);
        return Buffer.concat([head, key ?? Buffer.alloc(0), body]);
      }),
    );
    await using facing = await face(framing, whole.subarray(0, -3));
    await facing.end.heard(1);
    facing.peer.socket.write(whole.subarray(-3));
    expect(await facing.end.heard(2)).toEqual(["first", "second"]);
  });

  it(`sends frames that are ${client ? "masked, each with another key" : "not masked"}`, async () => {
    await using facing = await face(framing);
    const { peer, end } = facing;
    const keys = new Set<string>();
    for (let i = 0; i < 20; i++) {
      end.send(Buffer.from(`message ${i}`));
      const { opcode, payload, key } = await peer.frame();
      expect(opcode).toBe(BINARY);
      expect(payload.toString()).toBe(`message ${i}`);
      expect(key !== undefined).toBe(client);
      if (key !== undefined) keys.add(key.toString("hex"));
    }
    expect(keys.size).toBe(client ? 20 : 0);
  });

  it("sends lengths in their shortest form", async () => {
    await using facing = await face(framing);
    for (const size of [0, 125, 126, 65_535, 65_536]) {
      facing.end.send(Buffer.alloc(size, 7));
      expect((await facing.peer.frame()).payload.equals(Buffer.alloc(size, 7))).toBe(true);
    }
  });

  it("answers a ping with its payload", async () => {
    await using facing = await face(framing);
    for (const payload of ["", "hello", "x".repeat(125)]) {
      facing.peer.send({ opcode: PING, payload });
      expect(await facing.peer.frame()).toMatchObject({ opcode: PONG, payload: Buffer.from(payload) });
    }
    expect(facing.end.alives).toBe(3);
  });

  // `ws` answers each, and cuts clients that have too many waiting.
  if (framing === "own") {
    it("answers the last of many pings, and any of the others", async () => {
      await using facing = await face(framing);
      const { peer } = facing;
      peer.send(...Array.from({ length: 500 }, (_, i) => ({ opcode: PING, payload: String(i) })));
      for (let last = -1; last < 499; ) {
        const { opcode, payload } = await peer.frame();
        expect(opcode).toBe(PONG);
        expect(Number(payload)).toBeGreaterThan(last);
        last = Number(payload);
      }
    });
  }

  it.each([
    ["with a registered code", 1_000, "bye", 1_000],
    ["with the last registered code", 1_014, "", 1_014],
    ["with a library's code", 3_000, "x".repeat(123), 3_000],
    ["with the last possible code", 4_999, "", 4_999],
  ])("answers a close %s with the same, and hangs up", async (_what, code, reason, answer) => {
    await using facing = await face(framing);
    const { peer, end } = facing;
    peer.send(
      { opcode: CLOSE, payload: closing(code, reason) },
      { opcode: TEXT, payload: "after the close" },
    );
    expect(await peer.closeCode()).toBe(answer);
    peer.socket.end();
    await peer.hungUp();
    expect(await end.ended()).toEqual({ code, reason });
    expect(end.messages).toEqual([]);
  });

  // RFC 6455 section 7.1.1, so that the server's port is not the one kept busy.
  if (!client) {
    it("hangs up before the client does", async () => {
      await using facing = await face(framing);
      facing.peer.send({ opcode: CLOSE, payload: closing(1_000) });
      expect(await facing.peer.closeCode()).toBe(1_000);
      await facing.peer.hungUp();
      // It was not cut: it still waits for the client.
      for (let i = 0; i < 5; i++) await turn();
      expect(facing.end.ends).toEqual([]);
      facing.peer.socket.end();
      expect(await facing.end.ended()).toEqual({ code: 1_000, reason: "" });
    });
  }

  it("answers a close without a code with an empty one, and reports 1005", async () => {
    await using facing = await face(framing);
    facing.peer.send({ opcode: CLOSE });
    expect(await facing.peer.frame()).toMatchObject({ opcode: CLOSE, payload: Buffer.alloc(0) });
    facing.peer.socket.end();
    expect(await facing.end.ended()).toEqual({ code: 1_005, reason: "" });
  });

  it("answers a close between a message's fragments, and reports nothing of the message", async () => {
    await using facing = await face(framing);
    facing.peer.send(HALF, { opcode: CLOSE, payload: closing(1_001) });
    expect(await facing.peer.closeCode()).toBe(1_001);
    facing.peer.socket.end();
    expect(await facing.end.ended()).toEqual({ code: 1_001, reason: "" });
    expect(facing.end.messages).toEqual([]);
  });

  it("reports 1006 if the other end hangs up without a close", async () => {
    await using facing = await face(framing);
    facing.peer.send(HALF);
    facing.peer.socket.end();
    expect(await facing.end.ended()).toEqual({ code: 1_006, reason: "" });
    await facing.peer.hungUp();
  });

  it("receives messages that arrive before the other end answers its close", async () => {
    await using facing = await face(framing);
    const { peer, end } = facing;
    end.socket.close(4_000, "enough");
    expect(await peer.closeCode()).toBe(4_000);
    peer.send({ opcode: TEXT, payload: "last words" }, { opcode: CLOSE, payload: closing(4_000) });
    expect(await end.heard(1)).toEqual(["last words"]);
    peer.socket.end();
    expect((await end.ended())?.code).toBe(4_000);
  });

  it("cuts a connection whose other end does not answer its close", async () => {
    await using facing = await face(framing);
    facing.end.socket.close(4_000, "enough");
    expect(await facing.peer.closeCode()).toBe(4_000);
    expect(await facing.end.ended()).toEqual({ code: 1_006, reason: "" });
    await facing.peer.hungUp();
  });
});
