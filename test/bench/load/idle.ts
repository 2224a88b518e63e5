/**
 * Opens idle sessions: `idle.ts URL ADMIN_TOKEN_FILE FIRST SESSIONS`. Each hundred is a network of its
 * own. Prints `first` once FIRST are open, continues when its standard input ends, and prints `open` when all are.
 */
import { readFileSync } from "node:fs";
import { finished } from "node:stream/promises";
import { AdminClient } from "../../../desktop/agent/admin-client.ts";
import { PlainClient } from "./plain-client.ts";
import { say } from "./say.ts";

const TENANT = { tenant: "default" };
const PER_NETWORK = 100;
/** Number opened at a time: less than the relay's limit of unauthenticated connections. */
const AT_A_TIME = 50;

const [href = "", adminTokenFile = "", first = "100", sessions = "10000"] = process.argv.slice(2);
const url = new URL(href);
const admin = new AdminClient(url, readFileSync(adminTokenFile, "utf8").trim());
const clients: PlainClient[] = [];

async function openUpTo(count: number): Promise<void> {
  while (clients.length < count) {
    const name = `idle-${clients.length}`;
    await admin.create("/v1/tenants/{tenant}/networks", TENANT, { name });
    const { token } = await admin.create("/v1/tenants/{tenant}/tokens", TENANT, { network: name });
    const until = Math.min(count, clients.length + PER_NETWORK);
    while (clients.length < until) {
      const some = Array.from({ length: Math.min(AT_A_TIME, until - clients.length) }, () =>
        PlainClient.open({ url, token }),
      );
      clients.push(...(await Promise.all(some)));
    }
  }
}

await openUpTo(Number(first));
say({ event: "first" });
process.stdin.resume();
await finished(process.stdin);
await openUpTo(Number(sessions));
say({ event: "open", sessions: clients.length });
// The sessions stay open until this process is ended.
setInterval(() => {}, 1_000);
