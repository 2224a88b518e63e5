/** The window's calls: validated, and passed to their handlers. */
import type { IpcMain, WebContents } from "electron";
import type { z } from "zod";
import { Fault } from "../../shared/values/fault.ts";
import {
  type AppMethod,
  type AppMethods,
  appMethods,
  isAgentMethod,
  isAppMethod,
  type Outcome,
} from "../rpc/bridge.ts";
import { type Call, methods } from "../rpc/schema.ts";
import type { Problem } from "../rpc/shapes.ts";
import { CALL_CHANNEL } from "./channels.ts";
import { isOwnPage } from "./sender.ts";

/** Handlers of the app's own methods. */
export type AppAnswers = {
  readonly [M in AppMethod]: (
    params: z.output<AppMethods[M]["params"]>,
  ) => z.output<AppMethods[M]["result"]> | Promise<z.output<AppMethods[M]["result"]>>;
};

/** Options of call handling. */
export interface CallsOptions {
  readonly answers: AppAnswers;
  /** Calls the agent. */
  readonly agent: Call;
  /** Returns the contents of our window, if it exists. */
  readonly contents: () => WebContents | undefined;
  /** Called with bugs of the app. */
  readonly report: (error: unknown) => void;
}

/**
 * Answers the calls of our window, by `invoke` on {@link CALL_CHANNEL} with a method and its parameters. Rejects every
 * other sender; our own page never sees a rejection, because its errors are in the outcome.
 */
export function answerCalls(ipc: Pick<IpcMain, "handle">, options: CallsOptions): void {
  ipc.handle(CALL_CHANNEL, async (event, ...args: unknown[]): Promise<Outcome<unknown>> => {
    if (!isOwnPage(event, options.contents())) throw new Error("not allowed");
    try {
      return { ok: true, result: await callOne(args, options) };
    } catch (error) {
      return { ok: false, error: tellError(error, options.report) };
    }
  });
}

function callOne(args: readonly unknown[], options: CallsOptions): unknown {
  const [method, params] = args;
  if (typeof method !== "string" || args.length > 2) throw unknownMethod(String(method));
  if (isAppMethod(method)) return answerOne(options.answers, method, params);
  if (!isAgentMethod(method)) throw unknownMethod(method);
  return options.agent(method, parse(method, methods[method].params, params));
}

function answerOne<M extends AppMethod>(answers: AppAnswers, method: M, params: unknown): unknown {
  const { params: schema }: { params: z.ZodType } = appMethods[method];
  // The answer is typed by the same method's schema; the compiler can't follow it through the table.
  return answers[method](parse(method, schema, params) as Parameters<AppAnswers[M]>[0]);
}

function parse<T extends z.ZodType>(method: string, schema: T, params: unknown): z.output<T> {
  const parsed = schema.safeParse(params);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "" : ` at '${issue.path.join(".")}'`;
  throw new Fault({
    code: "agent.invalid-params",
    message: `the parameters of '${method}' are wrong${where}: ${issue?.message ?? "invalid"}`,
    hint: "The window and the app are of different versions: install Laneway again.",
  });
}

function unknownMethod(method: string): Fault {
  return new Fault({
    code: "agent.unknown-method",
    message: `there is no method '${method.slice(0, 64)}'`,
    hint: "The window and the app are of different versions: install Laneway again.",
  });
}

/** Returns an error for the window; bugs are logged, and their message is left out. */
function tellError(error: unknown, report: (error: unknown) => void): Problem {
  if (error instanceof Fault) return { code: error.code, message: error.message, hint: error.hint };
  report(error);
  return {
    code: "app.internal",
    message: "the app made a mistake",
    hint: "Please report it, with what you did and the output of the app.",
  };
}
