import type { GivenParams } from "../../rpc/schema.ts";
import type { DoctorSubject } from "../jobs/agent-doctor.ts";
import type { Agent } from "./agent.ts";
import type { Job } from "./jobs.ts";
import type { ManagedNetwork } from "./networks/managed-network.ts";

/** What finds out what is wrong; each resolves when it is done, and ends when the job is cancelled. */
export interface Diagnostics {
  /** Ordered checks; without a network or relay named, of the network that needs it most. @returns whether none failed */
  doctor(agent: Agent, subject: DoctorSubject, job: Job): Promise<boolean>;
  /** One measurement between this machine and a member. @returns whether it passed */
  test(network: ManagedNetwork, given: GivenParams<"test">, job: Job): Promise<boolean>;
  /** A copy of the frames at this machine's port, as pcapng, until it is stopped. @returns true */
  capture(network: ManagedNetwork, seconds: number | undefined, job: Job): Promise<boolean>;
}
