import type { z } from "zod";
import { firstProblem } from "../../../shared/protocol/control.ts";
import { usage } from "../../../shared/values/fault.ts";
import { quoted, shortened } from "./quoted.ts";

/**
 * What a request says, as the schema has it.
 *
 * @param quote whether what is wrong may be quoted: not where it may be a secret
 * @throws Fault `request.invalid`, which quotes the first value that is wrong where it may
 */
export function validated<Schema extends z.ZodType>(
  value: unknown,
  schema: Schema,
  { quote = true } = {},
): z.infer<Schema> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const given = !quote || issue?.input === undefined ? "" : `${quoted(issue.input)} for `;
  throw usage(
    "request.invalid",
    `${given}${shortened(firstProblem(result.error))}`,
    "Correct the value and try again.",
  );
}
