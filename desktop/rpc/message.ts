/**
 * The envelope: JSON-RPC 2.0, one message per line (`\n`), over a unix socket. A request has an `id`, a whole number; a
 * message of the agent without one is a notification. There are no batches. A line that is too long, not JSON or not a
 * request is answered by an error (with `id` null if unknown), and the connection continues.
 */
import { z } from "zod";
import { Fault } from "../../shared/values/fault.ts";

/** Bytes of a line to the agent, and of one from it, without the line's end. */
export const REQUEST_BYTES = 64 * 1024;
export const ANSWER_BYTES = 4 * 1024 * 1024;

/** Codes of JSON-RPC 2.0 section 5.1, and our own for a {@link Fault}. */
export const RpcCode = {
  notJson: -32_700,
  notARequest: -32_600,
  unknownMethod: -32_601,
  invalidParams: -32_602,
  internal: -32_603,
  fault: -32_000,
} as const;

const id = z.number().int().nonnegative();

export const request = z.object({
  jsonrpc: z.literal("2.0"),
  id,
  method: z.string().max(64),
  params: z.unknown().optional(),
});

/** The readable part of an invalid request: the ID to answer. */
export const envelope = z.looseObject({ id: id.nullable().catch(null) });

/** An error's data besides its message: the parts of a {@link Fault}. */
export const errorData = z.object({
  code: z.string(),
  hint: z.string(),
  exit_code: z.union([z.literal(1), z.literal(2)]),
});

const error = z.object({ code: z.number().int(), message: z.string(), data: errorData });

/** A line from the agent. */
export const incoming = z.union([
  z.object({ jsonrpc: z.literal("2.0"), id, result: z.unknown(), error: z.undefined().optional() }),
  z.object({ jsonrpc: z.literal("2.0"), id: id.nullable(), error }),
  z.object({
    jsonrpc: z.literal("2.0"),
    method: z.string(),
    params: z.unknown(),
    id: z.undefined().optional(),
  }),
]);

export type Request = z.infer<typeof request>;
export type RpcError = z.infer<typeof error>;

/** Returns an error for the other side; bugs are sent without their stack. */
export function toRpcError(thrown: unknown, code: number = RpcCode.fault): RpcError {
  if (thrown instanceof Fault) {
    const { message, hint, exitCode } = thrown;
    return { code, message, data: { code: thrown.code, hint, exit_code: exitCode } };
  }
  return {
    code: RpcCode.internal,
    message: "internal error in the agent",
    data: { code: "agent.internal", hint: "Please report this bug with the agent's log.", exit_code: 1 },
  };
}

/** Returns the other side's error as a {@link Fault}. */
export function fromRpcError({ message, data }: RpcError): Fault {
  return new Fault({ code: data.code, message, hint: data.hint, exitCode: data.exit_code });
}
