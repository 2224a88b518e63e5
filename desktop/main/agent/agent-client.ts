import { RpcClient } from "../../rpc/client.ts";
import { type EventName, notifications } from "../../rpc/schema.ts";
import type { AgentClient, Hear } from "./agent-connection.ts";

/** Connects to the agent's socket for the app: subscribes to everything that this user may follow. */
export async function connectAgent(
  socket: string,
  version: string,
  hear: Hear,
  signal: AbortSignal,
): Promise<AgentClient> {
  const client = await RpcClient.connect({ socket, signal, client: `laneway-desktop/${version}` });
  for (const name of Object.keys(notifications) as EventName[]) client.on(name, (data) => hear(name, data));
  return {
    call: (method, params) => client.call(method, params),
    hello: client.hello,
    closed: client.closed,
    close: () => client.close(),
  };
}
