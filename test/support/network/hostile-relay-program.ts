// A malicious relay, run as a program: `HOST PORT`, with its welcome as JSON on standard input. Lets every client in
// and accepts every join. Prints a JSON line for each ping of a client.
import { text } from "node:stream/consumers";
import { HostileRelay } from "../../desktop/agent/hostile-relay.ts";

const [host = "", port = ""] = process.argv.slice(2);
const welcome = JSON.parse(await text(process.stdin)) as object;
const tell = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

await HostileRelay.start(
  async (victim) => {
    victim.socket.on("message", (data, isBinary) => {
      if (isBinary) return;
      const message = JSON.parse(data.toString()) as { type: string; vni?: number };
      if (message.type === "join") victim.say({ type: "joined", vni: message.vni, members: [] });
      if (message.type === "ping") tell({ event: "ping" });
    });
    await victim.greet(welcome);
  },
  host,
  Number(port),
);
tell({ event: "listening" });
