// A malicious relay can do nothing to its tunnel beyond the bounds, and never causes an exception.
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { tokenCredentials } from "../../../../desktop/agent/identity/credentials.ts";
import { PeerTable } from "../../../../desktop/agent/service/networks/peer-table.ts";
import { Refused, TunnelConnection } from "../../../../desktop/agent/tunnel/tunnel-connection.ts";
import type { RelayMessage } from "../../../../shared/protocol/control.ts";
import { isPlainText } from "../../../../shared/values/plain-text.ts";
import { HostileRelay, type Victim, WELCOME } from "../hostile-relay.ts";

const FRAMINGS = ["own", "ws"] as const;

async function connectTo(
  treat: (victim: Victim) => Promise<void>,
  control: (message: RelayMessage) => void = () => {},
  framing: (typeof FRAMINGS)[number] = "own",
) {
  const relay = await HostileRelay.start(treat);
  onTestFinished(() => relay[Symbol.asyncDispose]());
  const over = new AbortController();
  onTestFinished(() => over.abort());
  const opening = TunnelConnection.open({
    relay: relay.url,
    credentials: tokenCredentials("t"),
    offload: false,
    framing,
    signal: over.signal,
    control,
  });
  opening.catch(() => {});
  return { relay, opening, victim: () => relay.victims[0] as Victim };
}

/** Makes the relay greet, and then run `treat`. */
const greeted = (treat: (victim: Victim) => void | Promise<void>) => async (victim: Victim) => {
  await victim.greet();
  await treat(victim);
};

const MEMBER = { vtep: "v", name: "n", online: true, endpoints: [] };

describe("a relay that breaks the protocol", () => {
  it.each([
    ["welcomes twice", WELCOME, /a second welcome/],
    ["challenges once more", { type: "challenge", nonce: "n", relay: "r" }, /a second challenge/],
    ["reports a join that was not requested", { type: "joined", vni: 101, members: [] }, /did not ask/],
    ["says what is no JSON", "welcome to the chat", /not JSON/],
    ["says what has no type", "[]", /not an object with a type/],
    [
      "names a network that can't be",
      { type: "member", vni: 0, event: "left", member: MEMBER },
      /member: vni/,
    ],
    [
      "reports more machines than a member may have",
      {
        type: "member",
        vni: 1,
        event: "joined",
        member: { ...MEMBER, endpoints: new Array(257).fill({ mac: "" }) },
      },
      /member: member.endpoints/,
    ],
    [
      "reports more addresses than a machine may have",
      {
        type: "member",
        vni: 1,
        event: "joined",
        member: { ...MEMBER, endpoints: [{ mac: "", addresses: new Array(17).fill("10.0.0.1") }] },
      },
      /addresses/,
    ],
  ])("and %s is disconnected with the reason", async (_what, message, why) => {
    const heard: RelayMessage[] = [];
    const { opening, victim } = await connectTo(
      greeted((one) => one.say(message)),
      (one) => heard.push(one),
    );
    const end = await (await opening).ended;
    expect(end).toMatchObject({ code: 4_002, reason: expect.stringMatching(why) });
    expect(end.reason).toMatch(/^the relay broke the protocol/);
    expect((await victim().closed).code).toBe(4_002);
    expect(heard).toEqual([]);
  });

  it("gets only one signature for any number of challenges", async () => {
    const challenge = { type: "challenge", nonce: "n", relay: "r" };
    const { opening, victim } = await connectTo(async (one) => {
      for (let i = 0; i < 100; i++) one.say(challenge);
    });
    await expect(opening).rejects.toMatchObject({ code: "relay.not-a-relay" });
    await victim().closed;
    expect(victim().said.filter(({ type }) => type === "hello").length).toBeLessThanOrEqual(1);
  });

  it.each([
    ["a welcome before anything was asked", WELCOME],
    ["a nonce of several lines", { type: "challenge", nonce: "n\nlaneway.enrol.v1", relay: "r" }],
    ["a nonce without end", { type: "challenge", nonce: "n".repeat(100_000), relay: "r" }],
  ])("is no relay, with %s", async (_what, message) => {
    const { opening, victim } = await connectTo(async (one) => one.say(message));
    await expect(opening).rejects.toMatchObject({ code: "relay.not-a-relay" });
    expect(victim().said).toEqual([]);
  });
});

describe("a relay that floods", () => {
  it.each(FRAMINGS)(
    "is disconnected above the limit, with framing %s",
    async (framing) => {
      let heard = 0;
      const { opening } = await connectTo(
        greeted(async (one) => {
          const text = JSON.stringify({ type: "member", vni: 101, event: "changed", member: MEMBER });
          for (let i = 0; i < 200_000 && one.socket.readyState === one.socket.OPEN; i++) {
            one.say(text);
            if (i % 1_000 === 0) await new Promise(setImmediate);
          }
        }),
        () => heard++,
        framing,
      );
      const { code, reason } = await (await opening).ended;
      // A code after which the client retries, with back-off.
      expect({ code, reason }).toEqual({
        code: 1_008,
        reason: expect.stringContaining("too many control messages"),
      });
      expect(heard).toBeLessThan(100_000);
    },
    60_000,
  );
});

it("removes control characters from what it is told", async () => {
  const heard: RelayMessage[] = [];
  const evil = "a\x1b[31m\x9b\u202eb\nc";
  const { opening, victim } = await connectTo(
    greeted(async (one) => {
      one.say({ type: "notice", code: evil, message: evil });
      one.say({ type: "error", code: evil, message: evil.repeat(1_000), request: evil });
      const endpoints = [{ mac: evil.slice(0, 17), addresses: [evil], name: evil }];
      one.say({
        type: "member",
        vni: 101,
        event: "joined",
        member: { ...MEMBER, name: evil, vtep: evil, endpoints },
      });
      await one.sync();
      one.socket.close(4_003, evil);
    }),
    (message) => heard.push(message),
  );
  const { reason } = await (await opening).ended;
  await victim().closed;
  expect(heard.map(({ type }) => type)).toEqual(["notice", "error", "member"]);
  const texts = [reason];
  JSON.stringify(heard, (_key, value: unknown) => {
    if (typeof value === "string") texts.push(value);
    return value;
  });
  for (const text of texts) expect(isPlainText(text), JSON.stringify(text)).toBe(true);
  expect(Math.max(...texts.map(({ length }) => length))).toBeLessThanOrEqual(1_024);
});

it("reports a refusal without control characters", async () => {
  const { opening } = await connectTo(async (one) => one.socket.close(4_001, "no\x1b]0;evil\x07"));
  await expect(opening).rejects.toBeInstanceOf(Refused);
  await expect(opening).rejects.toMatchObject({ end: { code: 4_001, reason: "no ]0;evil " } });
});

/** Returns anything, and near-valid messages. */
function anyMessage(): fc.Arbitrary<string> {
  const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, 101, 102, 2 ** 24, 1e308));
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("join", "lan", "source-binding", "__proto__"),
  );
  const endpoint = fc.record({ mac: text, addresses: fc.array(text, { maxLength: 20 }), name: text });
  const member = fc.record({
    vtep: fc.oneof(text, fc.nat(20_000).map(String)),
    name: text,
    online: fc.boolean(),
    endpoints: fc.array(endpoint, { maxLength: 4 }),
  });
  const type = fc.constantFrom(
    "left",
    "member",
    "member",
    "member",
    "drain",
    "notice",
    "error",
    "ping",
    "pong",
    "dance",
  );
  const made = fc.record(
    {
      type,
      vni: number,
      event: fc.constantFrom("joined", "changed", "left", "danced"),
      member: fc.oneof({ weight: 9, arbitrary: member }, { weight: 1, arbitrary: fc.anything() }),
      after_seconds: fc.oneof(number, text),
      code: text,
      message: text,
      request: text,
      id: fc.oneof(number, text),
    },
    { requiredKeys: ["type"] },
  );
  return fc.oneof(
    { weight: 8, arbitrary: made.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
  );
}

it("throws nothing and keeps its bounds, for any messages of a relay", async () => {
  const messages = fc.sample(anyMessage(), { numRuns: 20_000, seed: 13 });
  const peers = new PeerTable(() => {});
  const thrown: unknown[] = [];
  const note = (error: unknown) => thrown.push(error);
  process.on("uncaughtException", note);
  onTestFinished(() => void process.off("uncaughtException", note));
  const taken = (message: RelayMessage) => {
    if (message.type === "member") peers.update(message.event, message.member);
  };
  let next = 0;
  const said = { connections: 0, messages: 0 };
  // Each violation ends its connection: the rest goes on with another one.
  while (next < messages.length) {
    said.connections++;
    const start = next;
    await using relay = await HostileRelay.start(
      greeted(async (one) => {
        while (next < messages.length && one.socket.readyState === one.socket.OPEN && next - start < 200) {
          one.say(messages[next++] as string);
          said.messages++;
        }
        await one.sync();
        one.socket.close(1_000);
      }),
    );
    const connection = await TunnelConnection.open({
      relay: relay.url,
      credentials: tokenCredentials("t"),
      offload: false,
      framing: "own",
      signal: AbortSignal.timeout(60_000),
      control: taken,
    });
    const { code } = await connection.ended;
    expect([1_000, 4_002]).toContain(code);
  }
  expect(said.messages).toBe(messages.length);
  expect(thrown).toEqual([]);
  expect(peers.peers.length).toBeLessThanOrEqual(10_256);
  expect(Buffer.byteLength(JSON.stringify(peers.peers))).toBeLessThan(4 * 1024 * 1024);
}, 120_000);
