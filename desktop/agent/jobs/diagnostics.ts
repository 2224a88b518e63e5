import type { Diagnostics } from "../service/diagnostics.ts";
import { agentDoctor } from "./agent-doctor.ts";
import { capturePort } from "./capture.ts";
import { testMember } from "./member-test.ts";

/** The agent's diagnostics on request. */
export const diagnostics: Diagnostics = { doctor: agentDoctor, test: testMember, capture: capturePort };
