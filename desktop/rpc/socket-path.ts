/** Finds the agent's socket, and checks that it belongs to the agent. */
import { readFileSync, statSync } from "node:fs";
import { Fault } from "../../shared/values/fault.ts";

const DEFAULT_SOCKET = "/run/laneway/agent.sock";

/** The service's user, and the group that may change things. */
export const SERVICE_NAME = "laneway";

/** Returns the agent's socket: LANEWAY_SOCKET, or by default the service's. */
export function defaultSocket(env: NodeJS.ProcessEnv = process.env): string {
  const named = env["LANEWAY_SOCKET"];
  return named === undefined || named === "" ? DEFAULT_SOCKET : named;
}

/** Returns the read-only socket beside it, which is open to every user. */
export function statusSocket(socket: string): string {
  return `${socket}.status`;
}

/**
 * Checks that a socket belongs to root, this user or the service, because its owner gets invites and tokens.
 *
 * @throws Fault `agent.untrusted-socket`, `agent.not-running`, `agent.not-reachable`
 */
export function checkOwner(socket: string): void {
  let owner: number;
  try {
    const stat = statSync(socket);
    if (!stat.isSocket()) throw untrusted(socket, "is no socket");
    owner = stat.uid;
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw agentUnreachable(socket, error);
  }
  if (owner === 0 || owner === process.getuid?.() || owner === idOf("/etc/passwd", SERVICE_NAME)) return;
  throw untrusted(socket, `belongs to user ${owner}`);
}

/** Returns the number of a user or group from its file in /etc; undefined if there is no such name. */
export function idOf(file: "/etc/passwd" | "/etc/group", name: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
  const line = text.split("\n").find((one) => one.startsWith(`${name}:`));
  const id = Number(line?.split(":")[2]);
  return line !== undefined && Number.isInteger(id) ? id : undefined;
}

/** Returns the meaning of a failed connection to a socket. */
export function agentUnreachable(socket: string, cause: unknown): Fault {
  const code = (cause as NodeJS.ErrnoException).code ?? "";
  if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTDIR") {
    return new Fault({
      code: "agent.not-running",
      message: `no agent runs at '${socket}'`,
      hint: "Install the service with 'laneway service install', or run 'laneway agent' as root.",
      cause,
    });
  }
  const denied = code === "EACCES" || code === "EPERM";
  return new Fault({
    code: "agent.not-reachable",
    message: `the agent at '${socket}' can't be reached (${code || (cause as Error).message})`,
    hint: denied
      ? `Ask this machine's administrator to add you to the group '${SERVICE_NAME}', then log in again.`
      : "Check LANEWAY_SOCKET, and that the agent runs.",
    cause,
  });
}

function untrusted(socket: string, what: string): Fault {
  return new Fault({
    code: "agent.untrusted-socket",
    message: `'${socket}' ${what}: that is not the agent`,
    hint: "The agent's socket is root's, yours or the service's; see who made this one, and check LANEWAY_SOCKET.",
  });
}
