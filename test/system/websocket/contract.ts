// What holds for every MessageSocket, with either framing at either end.
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Block } from "../../../shared/tunnel/block.ts";
import { QueueBudget } from "../../../shared/tunnel/queue-budget.ts";
import { watched } from "../../shared/tunnel/blocks.ts";
import { type End, MAX_BYTES, Pair, type Pairing } from "./pair.ts";

/** Where the length's encoding changes (RFC 6455 section 5.2), and a whole message of the tunnel's. */
const SIZES = [0, 1, 2, 3, 4, 5, 124, 125, 126, 127, 128, 1_500, 65_534, 65_535, 65_536, 65_537, MAX_BYTES];

/** Bytes that differ by position and by message, so that no two can be confused. */
function pattern(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + seed * 101) & 0xff;
  return bytes;
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

/** Messages as `[size, seed]` each. */
function expectPatterns(
  heard: readonly (string | Buffer)[],
  sent: readonly (readonly [number, number])[],
): void {
  expect(heard.map((message) => message.length)).toEqual(sent.map(([size]) => size));
  const wrong = heard.findIndex((message, i) => {
    const [size, seed] = sent[i] ?? [0, 0];
    return typeof message === "string" || !same(message, pattern(size, seed));
  });
  expect(wrong, "the message with other bytes than were sent").toBe(-1);
}

export function messageSocketContract(name: string, pairing: Pairing): void {
  describe(name, () => {
    it("carries text both ways, including empty text and any character", async () => {
      await using pair = await Pair.open(pairing);
      const texts = ["hello", "", "\u0000", "\ufeffä€😀", "é".repeat(63), "😀".repeat(20_000)];
      for (const [sender, receiver] of pair.directions) {
        for (const text of texts) sender.socket.sendText(text);
        expect(await receiver.heard(texts.length)).toEqual(texts);
      }
    });

    it("carries binary messages of every size both ways, byte for byte", async () => {
      await using pair = await Pair.open(pairing);
      for (const [sender, receiver] of pair.directions) {
        for (const size of SIZES) sender.send(pattern(size, size));
        expectPatterns(
          await receiver.heard(SIZES.length),
          SIZES.map((size) => [size, size] as const),
        );
      }
    });

    it("carries text of every size", async () => {
      await using pair = await Pair.open(pairing);
      for (const [sender, receiver] of pair.directions) {
        const texts = SIZES.map((size) => String.fromCharCode(97 + (size % 26)).repeat(size));
        for (const text of texts) sender.socket.sendText(text);
        const heard = await receiver.heard(texts.length);
        expect(heard.map((text) => text.length)).toEqual(SIZES);
        expect(heard.every((text, i) => text === texts[i])).toBe(true);
      }
    });

    it("carries text that is already UTF-8, and releases it once, also after the end", async () => {
      await using pair = await Pair.open(pairing);
      const texts = ["hello", "", "ä€😀", "x".repeat(70_000)];
      for (const [sender, receiver] of pair.directions) {
        let free = 0;
        const send = (text: string) => {
          const bytes = Buffer.from(`..${text}..`);
          const block = watched(bytes, () => free++);
          sender.socket.sendEncoded(block, 2, bytes.length - 2);
        };
        for (const text of texts) send(text);
        expect(await receiver.heard(texts.length)).toEqual(texts);
        while (free < texts.length) await turn();
        expect(sender.socket.bufferedAmount).toBe(0);
        if (sender !== pair.server) continue;
        sender.socket.terminate();
        await sender.ended();
        send("too late");
        while (free <= texts.length) await turn();
        expect(sender.socket.bufferedAmount).toBe(0);
      }
    });

    it("keeps thousands of messages in order while as many come the other way", async () => {
      await using pair = await Pair.open(pairing);
      const count = 4_000;
      const size = (i: number) => (i * 37) % 3_000;
      for (let sent = 0; sent < count; ) {
        for (const end = sent + 40; sent < end; sent++) {
          for (const [sender] of pair.directions) {
            if (sent % 7 === 0) sender.socket.sendText(`text ${sent}`);
            else sender.send(pattern(size(sent), sent));
          }
        }
        await turn();
      }
      for (const [, receiver] of pair.directions) {
        const heard = await receiver.heard(count);
        expect(heard).toHaveLength(count);
        const wrong = heard.findIndex((message, i) =>
          typeof message === "string"
            ? i % 7 !== 0 || message !== `text ${i}`
            : !same(message, pattern(size(i), i)),
        );
        expect(wrong).toBe(-1);
      }
    });

    it("receives what the other end sends in the very turn in which it opened", async () => {
      const greet = (who: string) => (end: End) => {
        end.socket.sendText(`${who} is here`);
        end.send(pattern(70_000, 1));
      };
      await using pair = await Pair.open(pairing, { server: greet("server"), client: greet("client") });
      for (const [[, receiver], who] of [
        [pair.directions[0], "client"],
        [pair.directions[1], "server"],
      ].map(([direction, who]) => [direction as readonly [End, End], String(who)] as const)) {
        const heard = await receiver.heard(2);
        expect(heard[0]).toBe(`${who} is here`);
        expectPatterns(heard.slice(1), [[70_000, 1]]);
      }
    });

    it("reports each message as sent once, in order, releases it, and leaves its bytes unchanged", async () => {
      await using pair = await Pair.open(pairing);
      for (const [sender, receiver] of pair.directions) {
        const told: number[] = [];
        const freed: number[] = [];
        const all = Promise.withResolvers<void>();
        const messages = SIZES.map((size) => pattern(size, 3));
        for (const [i, message] of messages.entries()) {
          const block = watched(message, () => freed.push(i));
          sender.socket.send(block, 0, message.length, () => {
            expect(block.isFree).toBe(true);
            told.push(i);
            if (told.length === messages.length) all.resolve();
          });
        }
        await all.promise;
        await receiver.heard(messages.length);
        expect(told).toEqual(messages.map((_message, i) => i));
        expect(freed).toEqual(told);
        expect(messages.every((message, i) => same(message, pattern(SIZES[i] ?? 0, 3)))).toBe(true);
      }
    });

    it.each(["terminate", "close"] as const)(
      "reports each message as sent once, and releases it, if %s comes first, then and after",
      async (how) => {
        await using pair = await Pair.open(pairing);
        for (const [sender] of pair.directions) {
          // Much more than a connection takes at once.
          const told = new Array<number>(64).fill(0);
          const freed = new Array<number>(64).fill(0);
          const send = (i: number, size: number) => {
            const block = watched(pattern(size, i), () => {
              freed[i] = (freed[i] ?? 0) + 1;
            });
            sender.socket.send(block, 0, size, () => {
              told[i] = (told[i] ?? 0) + 1;
            });
          };
          for (let i = 0; i < 60; i++) send(i, MAX_BYTES);
          if (how === "terminate") sender.socket.terminate();
          else sender.socket.close(4_000, "enough");
          for (let i = 60; i < 62; i++) send(i, 100);
          await sender.ended();
          for (let i = 62; i < 64; i++) send(i, 100);
          while (told.includes(0)) await turn();
          for (let i = 0; i < 5; i++) await turn();
          expect(told).toEqual(new Array(64).fill(1));
          expect(freed).toEqual(told);
          expect(sender.socket.bufferedAmount).toBe(0);
          expect(sender.ends).toHaveLength(1);
        }
      },
    );

    it("sends a range of a block, and no byte around it", async () => {
      await using pair = await Pair.open(pairing);
      for (const [sender, receiver] of pair.directions) {
        for (const size of SIZES) {
          const bytes = new Uint8Array(size + 30).fill(0xee);
          bytes.set(pattern(size, size), 20);
          sender.socket.send(new Block(bytes), 20, 20 + size);
        }
        expectPatterns(
          await receiver.heard(SIZES.length),
          SIZES.map((size) => [size, size] as const),
        );
      }
    });

    it("keeps a message's bytes until it is released, whatever else arrives meanwhile", async () => {
      await using pair = await Pair.open(pairing);
      // The message's first byte says whether to keep it.
      const sizes = [1, 100, 250, 256, 1_000, 4_096, 16_384, 65_600, 130_000, MAX_BYTES];
      for (const [sender, receiver] of pair.directions) {
        receiver.keep = (message) => message[0] === 1;
        const sent: Uint8Array[] = [];
        for (let round = 0; round < 6; round++) {
          for (const size of sizes) {
            const message = pattern(size, sent.length);
            message[0] = sent.length % 3 === 0 ? 1 : 0;
            sent.push(message);
            sender.send(message);
          }
          await turn();
        }
        const keptSent = sent.filter((message) => message[0] === 1);
        const readSent = sent.filter((message) => message[0] !== 1);
        await receiver.until(
          ({ kept, messages }) => kept.length === keptSent.length && messages.length === readSent.length,
        );
        const intact = () =>
          receiver.kept.every(({ message }, i) => same(message, keptSent[i] as Uint8Array));
        expect(intact()).toBe(true);
        // Releases every second one; the rest must survive more messages.
        const left = receiver.kept.filter((_kept, i) => i % 2 === 1);
        const leftSent = keptSent.filter((_message, i) => i % 2 === 1);
        for (const [i, { release }] of receiver.kept.entries()) if (i % 2 === 0) release();
        const before = receiver.messages.length;
        for (const [i, size] of sizes.entries()) {
          const message = pattern(size, 1_000 + i);
          message[0] = 0;
          sender.send(message);
        }
        const heard = await receiver.heard(before + sizes.length);
        expect(left.every(({ message }, i) => same(message, leftSent[i] as Uint8Array))).toBe(true);
        expect(
          heard.every((message, i) => i >= before || same(message as Buffer, readSent[i] as Uint8Array)),
        ).toBe(true);
        for (const { release } of left) release();
      }
    });

    it("counts the bytes that wait, and none once they are gone", async () => {
      await using pair = await Pair.open(pairing);
      for (const [sender, receiver] of pair.directions) {
        const { socket } = sender;
        expect(socket.bufferedAmount).toBe(0);
        const sent = Promise.withResolvers<void>();
        let last = 0;
        for (let i = 0; i < 40; i++) {
          sender.send(pattern(MAX_BYTES, i), i === 39 ? sent.resolve : undefined);
          expect(socket.bufferedAmount).toBeGreaterThanOrEqual(last + MAX_BYTES);
          last = socket.bufferedAmount;
        }
        socket.sendText("and a word");
        expect(socket.bufferedAmount).toBeGreaterThan(last);
        await sent.promise;
        await receiver.heard(41);
        while (socket.bufferedAmount !== 0) await turn();
        expect(receiver.messages).toHaveLength(41);
      }
    });

    it("keeps bytes waiting as long as the other end does not read", async () => {
      await using pair = await Pair.open(pairing);
      pair.serverSocket.pause();
      const { socket } = pair.client;
      let sent = 0;
      // More than the kernel holds for both ends together.
      for (let i = 0; i < 100; i++) pair.client.send(pattern(MAX_BYTES, i), () => sent++);
      for (let i = 0; i < 200; i++) await turn();
      expect(sent).toBeLessThan(100);
      expect(socket.bufferedAmount).toBeGreaterThanOrEqual((100 - sent) * MAX_BYTES);
      pair.serverSocket.resume();
      expectPatterns(
        await pair.server.heard(100),
        Array.from({ length: 100 }, (_, i) => [MAX_BYTES, i] as const),
      );
      while (sent < 100) await turn();
      expect(socket.bufferedAmount).toBe(0);
    });

    it("counts waiting bytes in one budget at a time, and none once they are gone", async () => {
      await using pair = await Pair.open(pairing);
      const budgets = [0, 1].map(() => new QueueBudget(() => 2 ** 30)) as [QueueBudget, QueueBudget];
      const { socket } = pair.client;
      pair.serverSocket.pause();
      for (let i = 0; i < 20; i++) pair.client.send(pattern(MAX_BYTES, i));
      socket.accountTo(budgets[0]);
      expect(budgets[0].used).toBeGreaterThanOrEqual(socket.bufferedAmount);
      for (let i = 20; i < 60; i++) pair.client.send(pattern(MAX_BYTES, i));
      socket.sendText("and a word");
      expect(budgets[0].used).toBeGreaterThanOrEqual(socket.bufferedAmount);
      await turn();
      const { used } = budgets[0];
      socket.accountTo(budgets[1]);
      expect([budgets[0].used, budgets[1].used]).toEqual([0, used]);
      expect(budgets[1].used).toBeGreaterThan(0);
      socket.terminate();
      await pair.client.ended();
      while (socket.bufferedAmount !== 0) await turn();
      expect([budgets[0].used, budgets[1].used]).toEqual([0, 0]);
    });

    it("reads nothing while it is paused, so that the other end has to wait, and loses nothing", async () => {
      await using pair = await Pair.open(pairing);
      for (const [sender, receiver] of pair.directions) {
        receiver.socket.pause();
        let sent = 0;
        for (let i = 0; i < 100; i++) sender.send(pattern(MAX_BYTES, i), () => sent++);
        for (let i = 0; i < 200; i++) await turn();
        expect(sent).toBeLessThan(100);
        expect(receiver.messages.length).toBeLessThan(100);
        receiver.socket.resume();
        expectPatterns(
          await receiver.heard(100),
          Array.from({ length: 100 }, (_, i) => [MAX_BYTES, i] as const),
        );
      }
    });

    describe("closes", () => {
      it.each([
        ["client", 4_001, "because"],
        ["server", 4_001, "because"],
        ["client", 1_000, ""],
        ["server", 1_000, ""],
        ["client", 4_999, "ü".repeat(61)],
        ["server", 4_999, "ü".repeat(61)],
      ] as const)("from the %s with %d '%s', after all that was said before", async (who, code, reason) => {
        await using pair = await Pair.open(pairing);
        const [sender, receiver] = who === "client" ? [pair.client, pair.server] : [pair.server, pair.client];
        for (let i = 0; i < 20; i++) sender.send(pattern(50_000, i));
        sender.socket.close(code, reason);
        expect(await receiver.ended()).toEqual({ code, reason });
        expect((await sender.ended())?.code).toBe(code);
        expectPatterns(
          receiver.messages,
          Array.from({ length: 20 }, (_, i) => [50_000, i] as const),
        );
      });

      it("from both at once", async () => {
        await using pair = await Pair.open(pairing);
        pair.client.socket.close(4_001, "from the client");
        pair.server.socket.close(4_002, "from the server");
        expect(await pair.client.ended()).toEqual({ code: 4_002, reason: "from the server" });
        expect(await pair.server.ended()).toEqual({ code: 4_001, reason: "from the client" });
      });

      it("only once, and does nothing from then on", async () => {
        await using pair = await Pair.open(pairing);
        pair.client.socket.close(4_001, "first");
        pair.client.socket.close(4_002, "second");
        expect(await pair.server.ended()).toEqual({ code: 4_001, reason: "first" });
        await pair.client.ended();
        for (const end of [pair.client, pair.server]) {
          const { socket } = end;
          end.send(pattern(10, 0));
          socket.sendText("still there?");
          socket.ping();
          socket.close(4_003, "third");
          socket.terminate();
        }
        for (let i = 0; i < 5; i++) await turn();
        for (const { ends, messages, socket } of [pair.client, pair.server]) {
          expect(ends).toHaveLength(1);
          expect(messages).toEqual([]);
          expect(socket.bufferedAmount).toBe(0);
        }
      });

      it.each(["client", "server"] as const)("with 1006 at both ends where the %s is cut", async (who) => {
        await using pair = await Pair.open(pairing);
        pair[who].socket.terminate();
        expect(await pair.client.ended()).toEqual({ code: 1_006, reason: "" });
        expect(await pair.server.ended()).toEqual({ code: 1_006, reason: "" });
      });

      it("with 1009 if a message exceeds the limit by a byte, and receives nothing more", async () => {
        for (const way of [0, 1] as const) {
          await using pair = await Pair.open(pairing);
          const [sender, receiver] = pair.directions[way] as readonly [End, End];
          sender.send(pattern(MAX_BYTES, 0));
          sender.send(pattern(MAX_BYTES + 1, 1));
          sender.send(pattern(10, 2));
          expect((await sender.ended())?.code).toBe(1_009);
          expect((await receiver.ended())?.code).toBe(1_006);
          expectPatterns(receiver.messages, [[MAX_BYTES, 0]]);
        }
      });
    });

    it("shows both ends by a ping that the other is alive", async () => {
      await using pair = await Pair.open(pairing);
      for (const [sender, receiver] of pair.directions) {
        const [before, there] = [sender.alives, receiver.alives];
        sender.socket.ping();
        await receiver.until(({ alives }) => alives === there + 1);
        await sender.until(({ alives }) => alives === before + 1);
      }
    });
  });
}
