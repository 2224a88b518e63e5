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
  .meta({ id: "Usage", description: "How much a tenant has now, by the names of its limits." });
export type Usage = z.infer<typeof usage>;
