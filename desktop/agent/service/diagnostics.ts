import type { GivenParams } from "../../rpc/schema.ts";
import type { DoctorSubject } from "../jobs/agent-doctor.ts";
import type { Agent } from "./agent.ts";
import type { Job } from "./jobs.ts";
import type { ManagedNetwork } from "./networks/managed-network.ts";

/** Diagnostic jobs; each resolves when it is done, and ends when the job is cancelled. */
export interface Diagnostics {
  /** Runs ordered checks; by default of the network that needs it most. @returns whether none failed */
  doctor(agent: Agent, subject: DoctorSubject, job: Job): Promise<boolean>;
  /** Measures once between this machine and a member. @returns whether it passed */
  test(network: ManagedNetwork, given: GivenParams<"test">, job: Job): Promise<boolean>;
  /** Captures the frames at this machine's port as pcapng until it is stopped. @returns true */
  capture(network: ManagedNetwork, seconds: number | undefined, job: Job): Promise<boolean>;
}
