// An ordinary multicast socket, run as a program. `join GROUP PORT INTERFACE ADDRESS` is in the group until it is
// killed, and prints `{"event":"joined"}` and then a line for each datagram. `send GROUP PORT INTERFACE ADDRESS N`
// sends N datagrams, numbered from 0, and prints a line for each. ADDRESS is the interface's, for IPv4.
import { createSocket } from "node:dgram";
import { setTimeout as delay } from "node:timers/promises";

const PAUSE_MS = 10;

const [mode, group = "", port = "0", name = "", address = "", count = "0"] = process.argv.slice(2);
const isIpv6 = group.includes(":");
const at = isIpv6 ? `::%${name}` : address;
const socket = createSocket({ type: isIpv6 ? "udp6" : "udp4", reuseAddr: true });

if (mode === "join") {
  socket.on("message", (message) => tell({ event: "datagram", number: Number(message.toString()) }));
  socket.bind(Number(port), () => {
    socket.addMembership(group, at);
    tell({ event: "joined" });
  });
  process.once("SIGTERM", () => {
    socket.dropMembership(group, at);
    socket.close();
  });
} else {
  socket.bind(async () => {
    socket.setMulticastInterface(at);
    for (let number = 0; number < Number(count); number++) {
      socket.send(String(number), Number(port), group);
      tell({ event: "sent", number });
      await delay(PAUSE_MS);
    }
    socket.close();
  });
}

function tell(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
