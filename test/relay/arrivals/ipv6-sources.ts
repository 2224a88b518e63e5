// Runs in its own network namespace. Opens silent connections to a relay from many addresses of one /64. Prints as JSON
// how many stay open, and whether clients of other /64s can connect.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { TunnelClient } from "../../support/relay/client.ts";
import { RelayProcess } from "../../support/relay/relay-process.ts";
import { NODE } from "../../support/relay/runtimes.ts";

const ADDRESSES = 64;
const hostOf = (host: number) => `2001:db8:0:1::${host.toString(16)}`;
const OTHER = "2001:db8:0:2::1";

const ip = (...args: string[]) => execFileSync("ip", args);
ip("link", "set", "lo", "up");
for (let host = 1; host <= ADDRESSES; host++) {
  ip("address", "add", `${hostOf(host)}/128`, "dev", "lo", "nodad");
}
ip("address", "add", `${OTHER}/128`, "dev", "lo", "nodad");

const args = ["--max-strangers-per-address", "10"];
await using relay = await RelayProcess.start(NODE, { listen: "[::1]:0", args });
const { token, vni } = await relay.network();
const port = Number(new URL(relay.url).port);
const sockets: Socket[] = [];
for (let host = 1; host <= ADDRESSES; host++) {
  const socket = connect({ host: "::1", port, localAddress: hostOf(host) }).resume();
  socket.on("error", () => {});
  sockets.push(socket);
  await once(socket, "connect");
}
const alive = () => sockets.filter(({ destroyed, readableEnded }) => !destroyed && !readableEnded).length;
for (let i = 0; i < 50 && alive() > 10; i++) await delay(100);
const open = alive();
await using client = await TunnelClient.joined(relay.url, token, vni, { localAddress: OTHER });
await client.sync();
for (const socket of sockets) socket.destroy();
process.stdout.write(JSON.stringify({ open, joined: true }));
