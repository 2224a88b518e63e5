import { z } from "zod";

const count = z.int().min(0);

export const usage = z
  .object({
    networks: count,
    devices: count,
    tokens: count,
    sessions: count,
    memberships: count,
    captures: count,
    macs: count,
    neighbours: count,
    groups: count,
    queued_bytes: count,
  })
  .meta({ id: "Usage", description: "A tenant's current usage, by the name of the limit." });
export type Usage = z.infer<typeof usage>;
