/**
 * The API as its own document describes it: requests are built from the document's paths, and every answer is checked
 * against the document.
 */
import { Validator } from "@seriousme/openapi-schema-validator";
import { z } from "zod";
import type { RelayProcess } from "../../support/relay/relay-process.ts";

interface Content {
  readonly schema?: Parameters<typeof z.fromJSONSchema>[0];
}

export interface DocumentedOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly security: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly description: string;
        readonly headers?: object;
        readonly content?: Readonly<Record<string, Content>>;
      }
    >
  >;
}

export interface ApiDocument {
  readonly openapi: string;
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

interface Located {
  readonly method: string;
  readonly path: string;
  readonly operation: DocumentedOperation;
}

export interface Request {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class DocumentedApi {
  readonly document: ApiDocument;
  /** The `operationId status` of every answer so far. */
  readonly seen = new Set<string>();
  readonly #relay: RelayProcess;
  readonly #operations = new Map<string, Located>();

  private constructor(relay: RelayProcess, document: ApiDocument) {
    this.#relay = relay;
    this.document = document;
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        this.#operations.set(operation.operationId, { method: method.toUpperCase(), path, operation });
      }
    }
  }

  static async of(relay: RelayProcess): Promise<DocumentedApi> {
    const response = await fetch(`${relay.url}/v1/openapi.json`);
    const validator = new Validator();
    await validator.validate((await response.json()) as Record<string, unknown>);
    // Undocumented fields are errors here; clients must ignore them.
    return new DocumentedApi(relay, closed(validator.resolveRefs()) as ApiDocument);
  }

  get operations(): readonly Located[] {
    return [...this.#operations.values()];
  }

  /**
   * Sends a request, and checks the answer against the document.
   *
   * @returns the response and its JSON; reads no other body
   * @throws Error if the answer differs from the document
   */
  async ask(operationId: string, request: Request = {}): Promise<{ response: Response; json: unknown }> {
    const found = this.#operations.get(operationId);
    if (found === undefined) throw new Error(`the document has no operation ${operationId}`);
    const { method, path, operation } = found;
    const { params = {}, query = {}, body, token = this.#relay.adminToken, headers = {} } = request;
    if (body !== undefined && operation.requestBody === undefined)
      throw new Error(`${operationId} has no body`);
    for (const name of [...Object.keys(params), ...Object.keys(query)]) {
      if (!operation.parameters?.some((one) => one.name === name))
        throw new Error(`${operationId}: no ${name}`);
    }
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
    const response = await fetch(`${this.#relay.url}${filled}?${new URLSearchParams(query)}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    return { response, json: await this.#check(found, response) };
  }

  async #check({ operation }: Located, response: Response): Promise<unknown> {
    const { operationId } = operation;
    const status = String(response.status);
    const what = `${operationId} ${status}`;
    this.seen.add(what);
    const told = operation.responses[status];
    if (told === undefined) throw new Error(`${what} is not in the document: ${await response.text()}`);
    const type = response.headers.get("content-type")?.split(";")[0] ?? "";
    if (told.content === undefined) {
      if ((await response.text()) !== "") throw new Error(`${what} has a body`);
      return undefined;
    }
    if (!(type in told.content)) throw new Error(`${what} is ${type}`);
    if (!type.endsWith("json")) return undefined;
    const json = (await response.json()) as unknown;
    const { error } = z.fromJSONSchema(told.content[type]?.schema ?? false).safeParse(json);
    if (error !== undefined) throw new Error(`${what}: ${z.prettifyError(error)}: ${JSON.stringify(json)}`);
    const { code } = json as { code?: string };
    if (type === "application/problem+json" && !told.description.includes(`\`${code}\``)) {
      throw new Error(`${what} does not tell of ${code}`);
    }
    return json;
  }
}

/** Returns the schema without unnamed properties in objects. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== "object" || value === null) return value;
  const parts = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, closed(part)]));
  const isObject = parts["type"] === "object" && "properties" in parts && !("additionalProperties" in parts);
  return isObject ? { ...parts, additionalProperties: false } : parts;
}
