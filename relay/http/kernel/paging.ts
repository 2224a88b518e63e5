import type { Context } from "hono";
import { z } from "zod";
import { wholeNumber } from "../../../shared/api/fields.ts";
import { usage } from "../../../shared/values/fault.ts";
import { fromBase64url } from "../../crypto/base64url.ts";
import { base64url } from "../../crypto/secret.ts";
import type { Part } from "../../model/part.ts";
import type { ApiEnv } from "./access.ts";
import { type Asked, type Definition, type Operation, operation } from "./operation.ts";
import { quoted } from "./quoted.ts";

/** Maximum and default number of rows in one answer. */
const PAGE_ROWS = 1_000;

/** The query parameters of every list. */
const pageQuery = z.object({
  limit: z
    .string()
    .regex(/^([1-9]\d{0,2}|1000)$/, "a whole number from 1 to 1000")
    .optional()
    .meta(wholeNumber(`Rows at most; ${PAGE_ROWS} unless it is said.`, 1, PAGE_ROWS)),
  cursor: z
    .string()
    .max(1_024)
    .optional()
    .meta({ description: "From the `Link` of the page before, as it is there." }),
});

const LINK = z.object({
  Link: z.string().optional().meta({
    description:
      'Where there are more rows: `<URL>; rel="next"` (RFC 8288). The URL differs from this one by its `cursor`; behind a proxy that the relay was not told of (`--public-url`), take only that from it.',
  }),
});

/** The order of a list's rows, and the schema of its keys. */
export interface Order<Row, Key> {
  readonly schema: z.ZodType<Key>;
  /** Returns the row's key in the order, which is unique. */
  of(row: Row): Key;
}

export interface ListDefinition<
  Path extends string,
  Query extends z.ZodObject,
  Shown extends z.ZodType,
  Row,
  Key,
> extends Pick<
    Definition<Path, Query, z.ZodUndefined, Shown>,
    "id" | "tag" | "summary" | "description" | "path" | "audience" | "query" | "errors"
  > {
  /** The schema of a row as the answer shows it. */
  readonly row: Shown;
  readonly order: Order<Row, Key>;
  /** Returns a part of the list, in order. */
  rows(asked: Asked<Path, z.output<Query>, undefined>, part: Part<Key>): readonly Row[];
  show(row: Row): z.input<Shown>;
}

/** Creates an operation that answers with a list, page by page. */
export function listOperation<
  Path extends string,
  Shown extends z.ZodType,
  Row,
  Key,
  Query extends z.ZodObject = z.ZodObject<Record<never, z.ZodType>>,
>(list: ListDefinition<Path, Query, Shown, Row, Key>): Operation {
  const { rows, show, order, row, query, ...definition } = list;
  return operation({
    ...definition,
    method: "get",
    query: query === undefined ? pageQuery : pageQuery.extend(query.shape),
    answer: z.array(row),
    headers: LINK,
    handle(asked) {
      const { limit = PAGE_ROWS, cursor } = asked.query as { limit?: string; cursor?: string };
      const most = Number(limit);
      const after = cursor === undefined ? undefined : readCursor(cursor, order.schema);
      // One more row than shown tells whether there are more.
      const part = { after, limit: most + 1 };
      const found = rows(asked as unknown as Asked<Path, z.output<Query>, undefined>, part);
      const shown = found.slice(0, most);
      const last = shown.at(-1);
      if (found.length > most && last !== undefined) {
        const next = nextUrl(asked.context, writeCursor(order.of(last)));
        asked.context.header("link", `<${next}>; rel="next"`);
      }
      return shown.map(show);
    },
  });
}

/**
 * Returns a part of rows that are not kept in order. @param compare compares two keys; negative if the first is before
 */
export function partOf<Row, Key>(
  rows: Iterable<Row>,
  of: (row: Row) => Key,
  compare: (one: Key, other: Key) => number,
  { after, limit }: Part<Key>,
): Row[] {
  const behind: { readonly key: Key; readonly row: Row }[] = [];
  for (const row of rows) {
    const key = of(row);
    if (after === undefined || compare(key, after) > 0) behind.push({ key, row });
  }
  behind.sort((one, other) => compare(one.key, other.key));
  return behind.slice(0, limit).map(({ row }) => row);
}

/** Compares by UTF-16 code units, so the order does not depend on the machine's language. */
export function compareTexts(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function writeCursor(key: unknown): string {
  return base64url(new TextEncoder().encode(JSON.stringify(key)));
}

function readCursor<Key>(text: string, schema: z.ZodType<Key>): Key {
  const bytes = fromBase64url(text);
  try {
    if (bytes !== undefined) return schema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    // As below.
  }
  throw usage(
    "request.invalid",
    `${quoted(text)} for cursor is none that this list gave`,
    "Take it from the Link header of the page before, or leave it out to begin anew.",
  );
}

function nextUrl({ req, env }: Context<ApiEnv>, cursor: string): string {
  const { pathname, search } = new URL(req.url);
  const { base, origin } = env.reachedAt;
  // Without --public-url, only the request tells of a proxy's prefix.
  const next = new URL(base === origin ? `${origin}${pathname}${search}` : `${base}${req.path}${search}`);
  next.searchParams.set("cursor", cursor);
  return next.href;
}
