import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HUB_LIMITS } from "../../../../relay/hub/limits.ts";
import { Admission } from "../../../../relay/hub/session/admission.ts";
import { TunnelClient } from "../../../support/relay/client.ts";
import { RelayProcess } from "../../../support/relay/relay-process.ts";
import { underEachRuntime } from "../../../support/relay/runtimes.ts";

describe("admission", () => {
  const limits = { ...HUB_LIMITS, connectionsPerAddress: 3, strangersPerAddress: 2 };

  it("admits as many strangers from one address as it may, and others from elsewhere", () => {
    const admission = new Admission(limits);
    expect(admission.enter("192.0.2.1")).toBe(true);
    expect(admission.enter("192.0.2.1")).toBe(true);
    expect(admission.enter("192.0.2.1")).toBe(false);
    expect(admission.enter("192.0.2.2")).toBe(true);
  });

  it("has room again once a stranger has said who it is, or has left", () => {
    const admission = new Admission(limits);
    admission.enter("192.0.2.1");
    admission.enter("192.0.2.1");
    admission.welcome("192.0.2.1");
    expect(admission.enter("192.0.2.1")).toBe(true);
    expect(admission.enter("192.0.2.1")).toBe(false);
    admission.leave("192.0.2.1", false);
    expect(admission.enter("192.0.2.1")).toBe(true);
  });

  it("admits no more connections than it may, whoever they are", () => {
    const admission = new Admission(limits);
    for (let i = 0; i < 3; i++) {
      expect(admission.enter("192.0.2.1")).toBe(true);
      admission.welcome("192.0.2.1");
    }
    expect(admission.enter("192.0.2.1")).toBe(false);
    admission.leave("192.0.2.1", true);
    expect(admission.enter("192.0.2.1")).toBe(true);
  });

  it("takes a /64 of IPv6 for one address, and a /48 for four", () => {
    const admission = new Admission(limits);
    expect(admission.enter("2001:db8::1")).toBe(true);
    expect(admission.enter("2001:db8::2")).toBe(true);
    expect(admission.enter("2001:db8::3")).toBe(false);
    for (let i = 1; i <= 6; i++) expect(admission.enter(`2001:db8:0:${i}::1`)).toBe(true);
    expect(admission.enter("2001:db8:0:7::1")).toBe(false);
    expect(admission.enter("2001:db8:1::1")).toBe(true);
  });

  it("admits no more strangers from all addresses together than it may", () => {
    const admission = new Admission({ ...limits, strangers: 3 });
    for (let i = 1; i <= 3; i++) expect(admission.enter(`192.0.2.${i}`)).toBe(true);
    expect(admission.enter("192.0.2.4")).toBe(false);
    admission.welcome("192.0.2.1");
    expect(admission.enter("192.0.2.4")).toBe(true);
    admission.leave("192.0.2.1", true);
    expect(admission.enter("192.0.2.5")).toBe(false);
  });

  it("counts right whatever the order of things", () => {
    const event = fc.record({
      kind: fc.constantFrom("enter", "welcome", "leave"),
      address: fc.constantFrom("a", "b"),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 100 }), (events) => {
        const admission = new Admission(limits);
        const inside = { a: [] as boolean[], b: [] as boolean[] };
        for (const { kind, address } of events) {
          const here = inside[address];
          const stranger = here.indexOf(false);
          if (kind === "enter") {
            const room = here.length < 3 && here.filter((welcomed) => !welcomed).length < 2;
            expect(admission.enter(address)).toBe(room);
            if (room) here.push(false);
          } else if (kind === "welcome" && stranger >= 0) {
            here[stranger] = true;
            admission.welcome(address);
          } else if (kind === "leave") {
            const welcomed = here.pop();
            if (welcomed !== undefined) admission.leave(address, welcomed);
          }
        }
      }),
    );
  });
});

underEachRuntime("strangers from one address", (runtime) => {
  it("are turned away with 1013 when there are too many, until some have gone", async () => {
    await using relay = await RelayProcess.start(runtime);
    const { token, vni } = await relay.network();
    await using member = await TunnelClient.joined(relay.url, token, vni);
    await using strangers = new AsyncDisposableStack();
    const turnedAway: TunnelClient[] = [];
    // Whoever says nothing goes after 5 s, so that on a busy machine it may take more than the limit.
    for (let i = 0; turnedAway.length === 0; i++) {
      expect(i, "strangers without an end").toBeLessThan(2_000);
      const client = strangers.use(await TunnelClient.open(relay.url));
      const answered = await client.control("challenge").then(
        () => true,
        () => false,
      );
      if (!answered) turnedAway.push(client);
      else if (i < 256) continue;
    }
    expect(await turnedAway[0]?.ended()).toMatchObject({ code: 1013, reason: expect.stringMatching(/./) });

    await using elsewhere = await TunnelClient.open(relay.url, { localAddress: "127.0.0.2" });
    await elsewhere.control("challenge");
    await member.sync();

    await strangers.disposeAsync();
    for (;;) {
      // The relay hears of it when it hears of it.
      await using client = await TunnelClient.open(relay.url);
      const admitted = await client.control("challenge").then(
        () => true,
        () => false,
      );
      if (admitted) break;
    }
  });
});
