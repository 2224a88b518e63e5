/** Chooses the commands that go through a running agent. */
import { resolve } from "node:path";
import { Fault } from "../../../shared/values/fault.ts";
import { networkNamespace } from "../../agent/identity/identity.ts";
import { RpcClient } from "../../rpc/client.ts";
import type { Params } from "../../rpc/schema.ts";
import { defaultSocket } from "../../rpc/socket-path.ts";
import { ownVersion } from "../version.ts";

/** Which of several networks of one name. */
export interface PlaceOptions {
  readonly tenant?: string;
  readonly relay?: string;
  readonly json?: boolean;
}

/** Where a network is, for a call. */
export function placeOf({ tenant, relay }: PlaceOptions): Omit<Params<"peers">, "network"> {
  return { ...(tenant !== undefined && { tenant }), ...(relay !== undefined && { relay }) };
}

/** Connects to the agent. @throws Fault those of {@link RpcClient.connect} */
export function connectAgent(signal: AbortSignal): Promise<RpcClient> {
  return RpcClient.connect({ socket: defaultSocket(), client: `laneway-cli/${ownVersion()}`, signal });
}

/**
 * Returns the agent if it should handle the command. Returns undefined if this process should: no agent runs, it has
 * another state directory than the one named, or it is in another network namespace (a host of its own) and was not
 * named.
 *
 * @param state the state directory given to the command
 * @throws Fault as {@link connectAgent}, except `agent.not-running`
 */
export async function agentFor(
  state: string | undefined,
  signal: AbortSignal,
): Promise<RpcClient | undefined> {
  let agent: RpcClient;
  try {
    agent = await connectAgent(signal);
  } catch (error) {
    if (error instanceof Fault && error.code === "agent.not-running") return undefined;
    throw error;
  }
  if (isMeant(agent, state, process.env)) return agent;
  agent.close();
  return undefined;
}

function isMeant({ hello }: RpcClient, state: string | undefined, env: NodeJS.ProcessEnv): boolean {
  const named = (env["LANEWAY_SOCKET"] ?? "") !== "";
  const directory = state ?? (named ? undefined : env["LANEWAY_STATE"] || undefined);
  if (directory !== undefined && hello.state_directory !== resolve(directory)) return false;
  return named || hello.netns === null || hello.netns === networkNamespace();
}
