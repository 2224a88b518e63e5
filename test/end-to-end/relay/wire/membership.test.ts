import { expect, it } from "vitest";
import { TunnelClient } from "../../../support/relay/client.ts";
import { sharedRelay, underEachRuntime } from "../../../support/relay/runtimes.ts";

underEachRuntime("membership of a network", (runtime) => {
  const relay = sharedRelay(runtime);

  it("begins with the list of current members", async () => {
    const { token, vni } = await relay().network();
    await using first = await TunnelClient.welcomed(relay().url, token, { name: "first" });
    await using second = await TunnelClient.welcomed(relay().url, token, { name: "second" });

    expect(await first.join(vni)).toEqual({ type: "joined", vni, members: [] });
    const { members } = await second.join(vni);

    expect(members).toEqual([
      { vtep: expect.stringMatching(/./), name: "first", online: true, endpoints: [] },
    ]);
  });

  it("is announced to the others at its beginning and end", async () => {
    const { token, vni } = await relay().network();
    await using stays = await TunnelClient.joined(relay().url, token, vni, { name: "stays" });
    await using moves = await TunnelClient.joined(relay().url, token, vni, { name: "moves" });

    const joined = await stays.control("member");
    expect(joined).toMatchObject({ vni, event: "joined", member: { name: "moves", online: true } });

    moves.say({ type: "leave", vni });
    expect(await moves.control("left")).toEqual({ type: "left", vni });
    const left = await stays.control("member");
    expect(left).toMatchObject({ vni, event: "left", member: { name: "moves", online: false } });
    expect(vtep(left)).toBe(vtep(joined));

    await moves.join(vni);
    expect(await stays.control("member")).toMatchObject({ event: "joined", member: { name: "moves" } });
    expect(moves.takeControls()).toEqual([]);
  });

  it("ends with the session, whether that is closed or cut", async () => {
    const { token, vni } = await relay().network();
    await using stays = await TunnelClient.joined(relay().url, token, vni);
    await using closes = await TunnelClient.joined(relay().url, token, vni, { name: "closes" });
    await using breaks = await TunnelClient.joined(relay().url, token, vni, { name: "breaks" });
    await stays.control("member");
    await stays.control("member");

    expect((await closes.close()).code).toBe(1000);
    expect(await stays.control("member")).toMatchObject({ event: "left", member: { name: "closes" } });
    breaks.cut();
    expect(await stays.control("member")).toMatchObject({ event: "left", member: { name: "breaks" } });
  });

  it("is not announced to other networks", async () => {
    const one = await relay().network();
    const other = await relay().network({ tenant: one.tenant });
    await using bystander = await TunnelClient.joined(relay().url, other.token, other.vni);
    await using comes = await TunnelClient.joined(relay().url, one.token, one.vni);
    await comes.close();
    await bystander.sync();
    expect(bystander.takeControls()).toEqual([]);
  });

  it("may be requested twice, and is announced once", async () => {
    const { token, vni } = await relay().network();
    await using watches = await TunnelClient.joined(relay().url, token, vni, { name: "watches" });
    await using eager = await TunnelClient.joined(relay().url, token, vni);
    expect(await eager.join(vni)).toMatchObject({ members: [{ name: "watches" }] });
    await watches.control("member");
    await watches.sync();
    expect(watches.takeControls()).toEqual([]);
  });

  it("is refused in the same words for others' networks and missing ones", async () => {
    const mine = await relay().network();
    const sister = await relay().network({ tenant: mine.tenant });
    const foreign = await relay().network();
    await using owner = await TunnelClient.joined(relay().url, foreign.token, foreign.vni);
    await using client = await TunnelClient.welcomed(relay().url, mine.token);

    const answers: string[] = [];
    for (const vni of [foreign.vni, sister.vni, 0xfffffe]) {
      client.say({ type: "join", vni });
      const answer = await client.control("error");
      expect(answer).toMatchObject({ request: "join", vni, message: expect.stringMatching(/./) });
      answers.push(JSON.stringify(answer).replaceAll(String(vni), "VNI"));
    }

    expect(new Set(answers).size).toBe(1);
    await owner.sync();
    expect(owner.takeControls()).toEqual([]);
    await client.join(mine.vni);
  });

  it("cannot end before it began: the relay answers with an error, and the session goes on", async () => {
    const { token, vni } = await relay().network();
    await using client = await TunnelClient.welcomed(relay().url, token);
    client.say({ type: "leave", vni });
    expect(await client.control("error")).toMatchObject({ request: "leave", vni });
    await client.sync();
  });

  it.each([{}, { vni: "101" }, { vni: 0 }, { vni: 2 ** 24 }, { vni: 1.5 }, { vni: null }])(
    "cannot be requested with %j: the relay answers with an error, and the session goes on",
    async (fields) => {
      const { token } = await relay().network();
      await using client = await TunnelClient.welcomed(relay().url, token);
      client.say({ type: "join", ...fields });
      expect(await client.control("error")).toMatchObject({
        request: "join",
        code: expect.any(String),
        message: expect.any(String),
      });
      await client.sync();
    },
  );

  it("ignores unknown messages and fields", async () => {
    const { token, vni } = await relay().network();
    await using client = await TunnelClient.welcomed(relay().url, token);
    client.say({ type: "weather", vni });
    client.say({ type: "constructor" });
    client.say({ type: "join", vni, why: "because", type2: 3 });
    await client.control("joined");
    client.say({ type: "pong", id: 12345 });
    await client.sync();
    expect(client.takeControls()).toEqual([]);
  });

  it("answers each ping with its id", async () => {
    const { token } = await relay().network();
    await using client = await TunnelClient.welcomed(relay().url, token);
    for (const id of [1, 0, 2 ** 40, 7]) {
      client.say({ type: "ping", id });
      expect(await client.control("pong")).toEqual({ type: "pong", id });
    }
  });
});

function vtep(event: { readonly [field: string]: unknown }): unknown {
  return (event["member"] as { vtep: unknown }).vtep;
}
