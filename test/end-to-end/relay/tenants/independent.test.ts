/**
 * A device as a stranger could write it: it uses only an invite's link, the relay's own document and the protocol's
 * page. Its only code is Node's cryptography and a WebSocket, and none of any other client.
 */
import { Buffer } from "node:buffer";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { on, once } from "node:events";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { RelayProcess } from "../../../support/relay/relay-process.ts";
import { underEachRuntime } from "../../../support/relay/runtimes.ts";

/** The parts of an operation's description that a client needs. */
interface Described {
  readonly method: string;
  readonly path: string;
  readonly description: string;
  readonly requestBody?: {
    readonly content: { readonly "application/json": { readonly schema: { readonly $ref: string } } };
  };
}

interface ApiDocument {
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described & { operationId: string }>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, { readonly required: readonly string[] }>>;
  };
}

interface Welcome {
  readonly networks: readonly { readonly name: string; readonly vni: number; readonly address: string }[];
}

const MARK = "carried from one to the other";

underEachRuntime("a client written by the API's document alone", (runtime) => {
  it.each([
    { args: [], dial: (url: string) => url },
    // It dials the address in the link and the document, not the one that the relay listens on.
    { args: ["--public-url", "http://relay.example/lan"], dial: () => "http://relay.example/lan" },
  ])("enrols, signs, gets an address, joins and sends a frame, with $args", async ({ args, dial }) => {
    await using relay = await RelayProcess.start(runtime, { args });
    await relay.must("POST", "/tenants/default/networks", { name: "office", subnet: "10.20.0.0/24" });
    const made = await relay.must("POST", "/tenants/default/invites", { network: "office", uses: 2 });
    const { link } = made as { link: string };
    const base = link.slice(0, link.indexOf("/join#"));
    expect(base).toBe(dial(relay.url));
    const reached = relay.url + new URL(base).pathname.replace(/\/$/, "");

    const [first, second] = [await device(reached, link, "first"), await device(reached, link, "second")];
    try {
      expect([first.address, second.address]).toEqual(["10.20.0.2/24", "10.20.0.3/24"]);
      first.socket.send(record(first.vni, MARK));
      const [type, flags, vni, frame] = await second.frame();
      expect({ type, flags, vni }).toEqual({ type: 1, flags: 0x0800_0000, vni: first.vni });
      expect(frame.subarray(14).toString()).toContain(MARK);
    } finally {
      for (const { socket } of [first, second]) {
        socket.terminate();
        if (socket.readyState !== WebSocket.CLOSED) await once(socket, "close");
      }
    }
  });

  describe("finds in the document", () => {
    it("everything about the secret, the signed texts and every refusal", async () => {
      await using relay = await RelayProcess.start(runtime);
      const { enrol, tunnel, document } = await read(relay.url);
      for (const word of [
        "/join#v1.<tenant>.<secret>",
        "`laneway.enrol.v1`",
        "SHA-256",
        "Ed25519",
        "joined by line feeds",
        "`laneway.v1`",
        "without padding",
      ]) {
        expect(enrol.description).toContain(word);
      }
      for (const word of ["challenge", "hello", "signature", "welcome", "4001", "5 seconds"]) {
        expect(tunnel.description).toContain(word);
      }
      const text = JSON.stringify(document.paths[enrol.path]);
      for (const code of ["expired", "used-up", "revoked", "refused"]) {
        expect(text).toContain(`\`invite.${code}\``);
      }
      for (const code of ["enrol.bad-key", "enrol.bad-proof", "rate.limited"]) {
        expect(text).toContain(`\`${code}\``);
      }
    });
  });
});

async function read(relay: string) {
  const document = (await (await fetch(`${relay}/v1/openapi.json`)).json()) as ApiDocument;
  const find = (id: string): Described => {
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        if (operation.operationId === id) return { ...operation, method: method.toUpperCase(), path };
      }
    }
    throw new Error(`there is no ${id}`);
  };
  return { document, enrol: find("enrol"), tunnel: find("openTunnel") };
}

/** Enrols by a link, opens a session and joins. @param reached the relay's address, whatever its name */
async function device(reached: string, link: string, name: string) {
  const { document, enrol, tunnel } = await read(reached);
  const { origin, hash } = new URL(link);
  expect(new URL(document.servers[0]?.url ?? "").origin).toBe(origin);
  const [version, tenant = "", secret = ""] = hash.slice(1).split(".");
  expect(version).toBe("v1");
  expect(Buffer.from(secret, "base64url")).toHaveLength(32);

  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const public_key = String(publicKey.export({ format: "jwk" }).x);
  const signed = (...lines: string[]) =>
    sign(null, Buffer.from(lines.join("\n")), privateKey).toString("base64url");
  const digest = createHash("sha256").update(secret).digest("base64url");
  const proof = signed("laneway.enrol.v1", origin, tenant, digest, public_key);
  const body = { tenant, invite: secret, name, public_key, proof };
  const schema = enrol.requestBody?.content["application/json"].schema.$ref.split("/").at(-1) ?? "";
  expect([...(document.components.schemas[schema]?.required ?? [])].sort()).toEqual(Object.keys(body).sort());
  const response = await fetch(reached + enrol.path, {
    method: enrol.method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(201);
  const { device: id } = (await response.json()) as { device: string };

  const socket = new WebSocket(reached.replace("http", "ws") + tunnel.path, "laneway.v1", {
    perMessageDeflate: false,
  });
  const messages = on(socket, "message", { close: ["close"] });
  const until = async <Result>(matches: (data: Buffer, isBinary: boolean) => Result | undefined) => {
    // Not with `for await`, which would close the iterator after the first message.
    for (;;) {
      const { value, done } = await messages.next();
      if (done === true) throw new Error("the session is over");
      const [data, isBinary] = value as [Buffer, boolean];
      const result = matches(data, isBinary);
      if (result !== undefined) return result;
    }
  };
  const control = (type: string) =>
    until((data, isBinary) => {
      const message = isBinary ? undefined : (JSON.parse(data.toString()) as { type: string });
      return message?.type === type ? message : undefined;
    });
  const say = (message: object) => socket.send(JSON.stringify(message));

  const { nonce } = (await control("challenge")) as unknown as { nonce: string };
  const signature = signed("laneway.v1", origin, nonce, id);
  const auth = { method: "device", device: id, signature };
  say({ type: "hello", version: 1, client: { name }, features: ["batch"], auth });
  const { networks } = (await control("welcome")) as unknown as Welcome;
  expect(networks).toHaveLength(1);
  const [{ vni, address } = { vni: 0, address: "" }] = networks;
  say({ type: "join", vni });
  await control("joined");
  const frame = () =>
    until((data, isBinary) => {
      if (!isBinary || !data.includes(MARK)) return undefined;
      const length = data.readUIntBE(1, 3);
      const rest = data.subarray(12, 4 + length);
      return [data.readUInt8(0), data.readUInt32BE(4), data.readUIntBE(8, 3), rest] as const;
    });
  return { socket, vni, address, frame };
}

/** Returns a record of type 1: its header, VXLAN's (RFC 7348), and a broadcast of the experimental EtherType. */
function record(vni: number, text: string): Buffer {
  const source = [0x02, 0, 0, 0, 0, 0x51];
  const frame = Buffer.from([
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    ...source,
    0x88,
    0xb5,
    ...Buffer.from(text),
  ]);
  const header = Buffer.alloc(12);
  header.writeUInt32BE(0x0100_0000 + 8 + frame.length, 0);
  header.writeUInt32BE(0x0800_0000, 4);
  header.writeUInt32BE(vni * 256, 8);
  return Buffer.concat([header, frame]);
}
