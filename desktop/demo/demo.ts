import { setTimeout as delay } from "node:timers/promises";
import { Fault } from "../../shared/values/fault.ts";
import { Checks } from "./checks.ts";
import { endSignal } from "./end-signal.ts";
import type { Launcher } from "./lab/laneway.ts";
import { type DemoOutput, Report } from "./report.ts";
import { cast, NETWORK, type Player, Scene } from "./scene.ts";

export type DemoOptions = {
  /** Whether to keep it up after the last step, until the signal. */
  keep: boolean;
  /** Ends the demo at any point; everything it made is still removed. */
  signal: AbortSignal;
  output: DemoOutput;
  /** Starts the `laneway` command, for the relay and the clients. */
  launcher: Launcher;
};

/** The shell's exit code for a command that SIGINT ended. */
const INTERRUPTED = 130;
const A_DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Runs the demo on one machine: a relay, two hosts behind their own NATs on one segment, and a third host isolated from
 * them. Resolves to the exit code once everything it made is gone: 0 only if all of it worked, 130 if the signal came
 * before the end.
 *
 * @throws Fault if this machine can't run it, for example without root
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const report = new Report(options.output);
  const { signal, release } = endSignal(options.signal);
  report.title("Laneway: one LAN between machines behind NATs, by way of a relay, all on this machine");
  try {
    const failures = await perform(options, report, signal);
    if (failures === 0) report.verdict("All of it worked.", true);
    else report.verdict(`Not all of it worked: ${failures} failed.`, false);
    return failures === 0 ? 0 : 1;
  } catch (error) {
    const isOurs = error instanceof Fault && error.code === "demo.remains";
    if (signal.aborted && !isOurs) {
      report.verdict("Interrupted before the end.", false);
      return INTERRUPTED;
    }
    report.verdict("It did not work.", false);
    throw error;
  } finally {
    release();
  }
}

/** Runs the steps. Resolves to the number of failed checks. */
async function perform(options: DemoOptions, report: Report, signal: AbortSignal): Promise<number> {
  const scene = await Scene.create(options.launcher, signal);
  try {
    const failures = await play(scene, report, signal);
    if (options.keep) await stay(scene, report, options.launcher, signal);
    return failures;
  } finally {
    await leave(scene, report);
  }
}

async function play(scene: Scene, report: Report, signal: AbortSignal): Promise<number> {
  const checks = new Checks(report, signal);

  report.step("Three homes on an internet of their own, each behind its router's NAT");
  const [alicesHome, bobsHome] = await scene.addSites();
  if (!alicesHome || !bobsHome) throw new Error("the cast is incomplete");
  await checks.isBehindNat(alicesHome, scene.lab.wanAddress, bobsHome);
  await checks.isBehindNat(bobsHome, scene.lab.wanAddress, alicesHome);

  report.step("A relay on that internet, with two tenants");
  const { url } = await scene.startRelay();
  report.good(`laneway relay listens on ${url}`);
  await scene.addNetworks();
  report.good(`${list(cast)}: each tenant has a network called ${NETWORK}`);

  report.step(`laneway up ${NETWORK} on each host`);
  const players = await Promise.all(cast.map((one) => scene.bringUp(one)));
  for (const { name, client } of players) {
    report.good(`${name}: ${client.tap}, ${client.mac}, ${client.address}, VNI ${client.vni}`);
  }
  const [alice, bob, stranger] = players;
  if (!alice || !bob || !stranger) throw new Error("the cast is incomplete");

  report.step("ARP finds the other host");
  await checks.resolves(alice, bob);
  await checks.resolves(bob, alice);

  report.step("Ping, both ways");
  await checks.answers(alice, bob);
  await checks.answers(bob, alice);

  report.step("A TCP transfer with iperf3");
  await checks.transfers(alice, bob);

  report.step("IPv6, with nothing set up: link-local addresses and neighbour discovery");
  await checks.answersLinkLocal(alice, bob);

  report.step("The stranger, in another tenant's network with the same addresses, has none of it");
  await checks.isAlone(stranger, [alice, bob]);
  return checks.failures;
}

function list(people: typeof cast): string {
  return people.map(({ name, tenant }) => `${name} in tenant ${tenant}`).join(", ");
}

/** Prints what to try, and waits for the signal. */
async function stay(scene: Scene, report: Report, launcher: Launcher, signal: AbortSignal): Promise<void> {
  const script = await scene.writeAdminScript(launcher);
  const [alice, bob] = cast;
  const enter = (player: Pick<Player, "name">): string => `ip netns exec ${scene.lab.id}-${player.name}`;
  report.step("It stays up until Ctrl-C. To play with, as root in another terminal:");
  report.plain(`${enter(alice)} ping ${bob.address}`);
  report.plain(`${enter(alice)} bash`);
  report.plain(`${enter(bob)} ip neigh`);
  report.plain(`${enter(bob)} iperf3 -s`);
  report.plain(`${enter(alice)} iperf3 -c ${bob.address}`);
  report.plain(`${script} fdb --network ${NETWORK}`);
  report.plain(`${script} network list`);
  while (!signal.aborted) await delay(A_DAY_MS, undefined, { signal }).catch(() => {});
}

/** Removes everything, and checks that it is gone. */
async function leave(scene: Scene, report: Report): Promise<void> {
  report.step("Everything is removed");
  const { lab } = scene;
  const machines = lab.hosts.length;
  const processes = await lab.processes();
  await scene.close();
  const remains = await lab.remains(processes);
  if (remains.length === 0) {
    report.good(
      `${machines} network namespaces, their interfaces and ${processes.length} processes are gone`,
    );
    return;
  }
  throw new Fault({
    code: "demo.remains",
    message: `the demo could not remove everything: ${remains.join(", ")}`,
    hint: "run the demo again: it first removes the remains of an earlier one",
  });
}
