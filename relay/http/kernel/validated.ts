import type { z } from "zod";
import { firstProblem } from "../../../shared/protocol/control.ts";
import { usage } from "../../../shared/values/fault.ts";
import { quoted, shortened } from "./quoted.ts";

/**
 * Returns a request's part as parsed by the schema.
 *
 * @param quote whether the error may quote the value; false if it may be secret
 * @throws Fault `request.invalid`, which quotes the first invalid value if allowed
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
