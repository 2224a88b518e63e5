import { Buffer } from "node:buffer";
import { type Answer, type DecodedPacket, decode, encode, type Packet, type RecordType } from "dns-packet";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NameService } from "../../../../relay/hub/host/name-service.ts";
import { NetworkZone } from "../../../../relay/hub/host/zone.ts";
import type { Network } from "../../../../relay/model/model.ts";
import { parseAddress } from "../../../../shared/frame/address.ts";
import { reverseName } from "../../../../shared/values/reverse-name.ts";
import { Office } from "./office.ts";

const MTU_ROOM = 1_452;

describe("the name service of a network", () => {
  let office: Office;
  let network: Network;
  let service: NameService;
  let caught: unknown[];

  beforeEach(() => {
    office = new Office();
    network = office.network();
    caught = [];
    service = new NameService(new NetworkZone(network, office.names), (error) => caught.push(error));
  });
  afterEach(() => office[Symbol.dispose]());

  function ask(name: string, type: RecordType, more: Packet = {}) {
    return send(encode({ type: "query", id: 77, flags: 0x100, questions: [{ name, type }], ...more }));
  }

  function send(
    query: Uint8Array,
    capacity = MTU_ROOM,
  ): DecodedPacket & { rcode: string; bytes: Uint8Array } {
    const answer = service.answer(query, capacity);
    if (typeof answer === "string") throw new Error(answer);
    // The package's types omit how it represents the code.
    const packet = decode(Buffer.from(answer)) as DecodedPacket & { rcode: string };
    return { ...packet, bytes: answer };
  }

  function data(answers: Answer[] | undefined): unknown[] {
    return (answers ?? []).map((answer) => ("data" in answer ? answer.data : undefined));
  }

  const withoutPrefix = (cidr = "") => cidr.split("/")[0] ?? "";

  it("knows its devices' addresses, IPv4 and IPv6, in any letter case", () => {
    const laptop = office.device(network, "Anna's Laptop");
    for (const name of ["anna-s-laptop.office.lan.internal", "Anna-S-LAPTOP.oFFice.lan.INTERNAL"]) {
      const v4 = ask(name, "A");
      expect(v4).toMatchObject({ id: 77, type: "response", rcode: "NOERROR", flag_aa: true, flag_rd: true });
      expect(v4.flag_ra).toBe(false);
      expect(v4.questions).toMatchObject([{ name, type: "A" }]);
      expect(v4.answers).toMatchObject([{ name, type: "A", data: withoutPrefix(laptop.address) }]);
      expect(data(ask(name, "AAAA").answers)).toEqual([withoutPrefix(laptop.address6)]);
      expect(data(ask(name, "ANY" as RecordType).answers)).toHaveLength(2);
    }
  });

  it("knows the device of an address", () => {
    const laptop = office.device(network, "laptop");
    for (const cidr of [laptop.address, laptop.address6]) {
      const name = reverseName(parseAddress(withoutPrefix(cidr)) ?? 0);
      expect(data(ask(name, "PTR").answers)).toEqual(["laptop.office.lan.internal"]);
      expect(ask(name, "A")).toMatchObject({ rcode: "NOERROR", answers: [], authorities: [{ type: "SOA" }] });
    }
    const nobody = ask("99.0.20.10.in-addr.arpa", "PTR");
    expect(nobody).toMatchObject({ rcode: "NXDOMAIN", authorities: [{ name: "0.20.10.in-addr.arpa" }] });
  });

  it("is itself called hub, a name no device can have", () => {
    const device = office.device(network, "Hub");
    expect(data(ask("hub.office.lan.internal", "A").answers)).toEqual(["10.20.0.1"]);
    expect(data(ask("hub.office.lan.internal", "AAAA").answers)).toEqual([
      network.prefix6?.replace("/64", "1"),
    ]);
    expect(data(ask("1.0.20.10.in-addr.arpa", "PTR").answers)).toEqual(["hub.office.lan.internal"]);
    expect(data(ask("hub-2.office.lan.internal", "A").answers)).toEqual([withoutPrefix(device.address)]);
  });

  it.each(["wpad", "ISATAP", "localhost"])(
    "lets no device be %s, which other machines look up by themselves",
    (name) => {
      const { address } = office.device(network, name);
      const label = name.toLowerCase();
      expect(ask(`${label}.office.lan.internal`, "A")).toMatchObject({ rcode: "NXDOMAIN" });
      expect(data(ask(`${label}-2.office.lan.internal`, "A").answers)).toEqual([withoutPrefix(address)]);
    },
  );

  it("reports a failure of its store, and continues", () => {
    office.device(network, "laptop");
    office.store.close();
    expect(ask("laptop.office.lan.internal", "A")).toMatchObject({ rcode: "SERVFAIL", answers: [] });
    expect(caught).toHaveLength(1);
    expect(ask("hub.office.lan.internal", "A")).toMatchObject({ rcode: "NOERROR" });
    office = new Office();
  });

  it("numbers devices of the same name, and each keeps its label when another leaves", () => {
    const first = office.device(network, "laptop");
    const second = office.device(network, "Laptop");
    const other = office.network({ name: "lab" });
    office.device(other, "laptop");
    expect(data(ask("laptop-2.office.lan.internal", "A").answers)).toEqual([withoutPrefix(second.address)]);
    office.store.devices.delete("acme", first.id);
    expect(ask("laptop.office.lan.internal", "A")).toMatchObject({ rcode: "NXDOMAIN" });
    expect(data(ask("laptop-2.office.lan.internal", "A").answers)).toEqual([withoutPrefix(second.address)]);
    const third = office.device(network, "laptop");
    expect(data(ask("laptop.office.lan.internal", "A").answers)).toEqual([withoutPrefix(third.address)]);
  });

  it("distinguishes a missing name from a missing record, and says how long to cache that", () => {
    office.device(network, "laptop");
    const soa = { name: "office.lan.internal", type: "SOA", data: { minimum: 30 } };
    const none = { answers: [], authorities: [soa], flag_aa: true };
    expect(ask("nobody.office.lan.internal", "A")).toMatchObject({ rcode: "NXDOMAIN", ...none });
    expect(ask("a.laptop.office.lan.internal", "A")).toMatchObject({ rcode: "NXDOMAIN", ...none });
    for (const type of ["MX", "TXT", "SRV", "PTR"] as const) {
      expect(ask("laptop.office.lan.internal", type)).toMatchObject({ rcode: "NOERROR", ...none });
    }
  });

  it("is the authority for its domain and for its addresses' names", () => {
    for (const zone of ["office.lan.internal", "0.20.10.in-addr.arpa"]) {
      expect(data(ask(zone, "NS").answers)).toEqual(["hub.office.lan.internal"]);
      expect(ask(zone, "SOA").answers).toMatchObject([
        { type: "SOA", data: { mname: "hub.office.lan.internal" } },
      ]);
      expect(ask(zone, "A")).toMatchObject({ rcode: "NOERROR", answers: [], authorities: [{ name: zone }] });
    }
  });

  it.each([
    "example.org",
    "lan.internal",
    "internal",
    ".",
    "lab.lan.internal",
    "laptop.lab.lan.internal",
    "xoffice.lan.internal",
    "office.lan.internal.example.org",
    "1.0.21.10.in-addr.arpa",
    "1.0.0.127.in-addr.arpa",
  ])("refuses %s, as names of other networks", (name) => {
    office.device(office.network({ name: "lab", subnet: "10.21.0.0/24" }), "laptop");
    for (const type of ["A", "PTR", "SOA"] as const) {
      expect(ask(name, type)).toMatchObject({
        rcode: "REFUSED",
        answers: [],
        authorities: [],
        flag_aa: false,
      });
    }
  });

  it("knows nothing of another tenant's network of the same name and subnet", () => {
    office.tenants.createTenant("umbrella");
    const theirs = office.tenants.createNetwork("umbrella", { name: "office", subnet: "10.20.0.0/24" });
    const secret = office.device(theirs, "secret");
    expect(secret.address).toBe("10.20.0.2/24");
    expect(ask("secret.office.lan.internal", "A")).toMatchObject({ rcode: "NXDOMAIN" });
    expect(ask("2.0.20.10.in-addr.arpa", "PTR")).toMatchObject({ rcode: "NXDOMAIN" });
    const name = reverseName(parseAddress(withoutPrefix(secret.address6)) ?? 0);
    expect(ask(name, "PTR")).toMatchObject({ rcode: "REFUSED" });
  });

  it("uses EDNS with clients that do, and no other version of it", () => {
    office.device(network, "laptop");
    const opt = { ...OPT, udpPayloadSize: 4_096 };
    const answer = ask("laptop.office.lan.internal", "A", { additionals: [opt] });
    expect(answer).toMatchObject({
      rcode: "NOERROR",
      additionals: [{ type: "OPT", udpPayloadSize: 1_232, ednsVersion: 0, extendedRcode: 0 }],
    });
    expect(answer.answers).toHaveLength(1);
    const unknown = ask("laptop.office.lan.internal", "A", {
      additionals: [{ ...opt, ednsVersion: 1 } as Answer],
    });
    // BADVERS is 16: 1 in the record's high bits and 0 in the header.
    expect(unknown).toMatchObject({ rcode: "NOERROR", answers: [], additionals: [{ extendedRcode: 1 }] });
    expect(ask("laptop.office.lan.internal", "A").additionals).toEqual([]);
  });

  it("answers in 512 bytes unless the client accepts more, whatever the names", () => {
    const long = "x".repeat(63);
    const wide = office.network({ name: long, subnet: "10.22.0.0/24" });
    office.device(wide, long);
    service = new NameService(new NetworkZone(wide, office.names));
    for (const [name, type, count] of [
      [`${long}.${long}.lan.internal`, "ANY" as RecordType, 2],
      ["2.0.22.10.in-addr.arpa", "PTR", 1],
      [`${long}.${long}.${"y".repeat(40)}.${long}.lan.internal`, "A", 0],
    ] as const) {
      const answer = ask(name, type);
      expect(answer.bytes.length).toBeLessThanOrEqual(512);
      expect(answer.answers, name).toHaveLength(count);
      expect(answer.flag_tc).toBe(false);
    }
  });

  it("marks an answer that does not fit as truncated", () => {
    office.device(network, "laptop");
    const query = encode({
      type: "query",
      id: 1,
      questions: [{ name: "laptop.office.lan.internal", type: "A" }],
    });
    const answer = send(query, 60);
    expect(answer).toMatchObject({ flag_tc: true, answers: [], authorities: [] });
    expect(answer.bytes.length).toBeLessThanOrEqual(60);
  });

  it("refuses unsupported queries with the matching code", () => {
    const question = { name: "office.lan.internal", type: "AXFR" as const };
    expect(ask("office.lan.internal", "AXFR")).toMatchObject({ rcode: "REFUSED" });
    expect(send(encode({ id: 1, questions: [{ name: "a", type: "A", class: "CH" }] }))).toMatchObject({
      rcode: "REFUSED",
    });
    // NOTIFY and UPDATE are opcodes 4 and 5.
    expect(send(encode({ id: 1, flags: 4 << 11, questions: [question] }))).toMatchObject({ rcode: "NOTIMP" });
    expect(send(encode({ id: 1, questions: [question, question] }))).toMatchObject({ rcode: "FORMERR" });
    expect(send(encode({ id: 1 }))).toMatchObject({ rcode: "FORMERR" });
  });

  it("repeats the question as it came, also with bytes that are not text", () => {
    const name = Buffer.from([4, 0xff, 0x2e, 0xc3, 0x28, 3, 0x61, 0x62, 0x63, 0]);
    const query = Buffer.concat([
      Buffer.from("00070100000100000000000000", "hex").subarray(0, 12),
      name,
      Buffer.from([0, 1, 0, 1]),
    ]);
    const answer = service.answer(query, MTU_ROOM);
    expect(Buffer.from(answer as Uint8Array).subarray(12)).toEqual(query.subarray(12));
  });

  it("does not answer responses", () => {
    const response = encode({
      type: "response",
      id: 1,
      questions: [{ name: "office.lan.internal", type: "A" }],
    });
    expect(service.answer(response, MTU_ROOM)).toBe("not-served");
  });

  it.each([
    ["nothing", ""],
    ["half a header", "0001010000"],
    ["a missing question", "000101000001000000000000"],
    ["a name that runs past the end", "0001010000010000000000003f61"],
    ["a name that points at itself", "000101000001000000000000c00c00010001"],
    ["a missing additional record", "0001010000010000000000010161000001000100"],
  ])("drops %s", (_, hex) => {
    expect(service.answer(Buffer.from(hex, "hex"), MTU_ROOM)).toBe("malformed");
  });

  it("answers or drops any bytes, and never throws", () => {
    const valid = encode({
      type: "query",
      id: 1,
      questions: [{ name: "laptop.office.lan.internal", type: "A" }],
      additionals: [OPT],
    });
    const damaged = fc
      .array(fc.tuple(fc.nat(valid.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 4 })
      .map((changes) => {
        const bytes = Uint8Array.from(valid);
        for (const [at, byte] of changes) bytes[at] = byte;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged), (bytes) => {
        const answer = service.answer(bytes, MTU_ROOM);
        if (typeof answer !== "string") expect(answer.length).toBeLessThanOrEqual(512);
        else expect(["malformed", "not-served"]).toContain(answer);
      }),
      { numRuns: 2_000 },
    );
  });
});

const OPT = {
  type: "OPT" as const,
  name: ".",
  udpPayloadSize: 512,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
} satisfies Answer;
