import { arch, hostname, release, type, uptime } from "node:os";
import type { Agent } from "../agent.ts";
import { Redaction } from "../calls/redact.ts";

/** Lines of the log in a report. */
const LOG_LINES = 200;

/** Returns a report for support: versions and events, without secrets, host names and public addresses. */
export function report(agent: Agent, version: string): string {
  const redaction = new Redaction(hostname());
  const networks = agent.networks.map((network) => {
    const { tenant, state, wanted, autostart, mtu, members, relay, since, error, access } = network.status();
    return [
      `network ${network.name} (${network.id}): ${state} since ${since}`,
      `  tenant ${tenant ?? "-"}, ${access}, relay ${relay}, VNI ${network.vni ?? "-"}, MTU ${mtu ?? "-"}`,
      `  wanted ${wanted}, autostart ${autostart}, ${members} others online`,
      ...(error === null ? [] : [`  ${error.code}: ${error.message}`]),
    ].join("\n");
  });
  const log = agent.log
    .entries({ limit: LOG_LINES })
    .map(({ at, level, code, message }) => `${at} ${level} ${code}: ${message}`);
  const text = [
    `laneway ${version}, Node ${process.version}, ${type()} ${release()} ${arch()}`,
    `agent up ${Math.round(process.uptime())} s, machine up ${Math.round(uptime())} s`,
    ...networks,
    "log:",
    ...log,
  ].join("\n");
  return `${redaction.apply(text)}\n`;
}
