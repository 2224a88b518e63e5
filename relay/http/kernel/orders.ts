import { z } from "zod";
import type { TimeKey } from "../../model/part.ts";
import type { Order } from "./paging.ts";

/** The order of lists sorted by name. */
export const BY_NAME: Order<{ readonly name: string }, string> = {
  schema: z.string(),
  of: ({ name }) => name,
};

/** The order of lists sorted by time, oldest first. */
export const BY_TIME: Order<{ readonly createdAt: number; readonly id: string }, TimeKey> = {
  schema: z.tuple([z.number(), z.string()]),
  of: ({ createdAt, id }) => [createdAt, id],
};
