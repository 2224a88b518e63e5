import { z } from "zod";
import type { TimeKey } from "../../model/part.ts";
import type { Order } from "./paging.ts";

/** Of what is listed by its name. */
export const BY_NAME: Order<{ readonly name: string }, string> = {
  schema: z.string(),
  of: ({ name }) => name,
};

/** Of what is listed from the oldest on. */
export const BY_TIME: Order<{ readonly createdAt: number; readonly id: string }, TimeKey> = {
  schema: z.tuple([z.number(), z.string()]),
  of: ({ createdAt, id }) => [createdAt, id],
};
