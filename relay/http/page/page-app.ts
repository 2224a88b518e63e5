import { Hono } from "hono";
import { joinDocuments, languageOf } from "../join-page.ts";
import type { ApiEnv } from "../kernel/access.ts";
import { operatorDocument, type PageDocument } from "./document.ts";
import { PageAssets, type PageFiles } from "./page-assets.ts";

/** The operator's page at `/`, what is behind an invite's link at `/join`, and the files of both. */
export async function pageApp(files: PageFiles, publicUrl: URL | undefined): Promise<Hono<ApiEnv>> {
  const assets = await PageAssets.of(files);
  const operator = await operatorDocument(assets);
  const join = await joinDocuments(assets);
  const app = new Hono<ApiEnv>();
  app.get("/", (context) => answer(operator, context.req.header("if-none-match")));
  app.get("/join", (context) => {
    const document = join[languageOf(context.req.header("accept-language") ?? "")];
    return answer(document, context.req.header("if-none-match"));
  });
  app.get("/page/:version/:path{.+}", async (context, next) => {
    const { version, path } = context.req.param();
    const found = await assets.response(version, path, context.req.header("accept-encoding") ?? "");
    return found ?? (await next());
  });
  // Relative URLs need the slash at the end of the prefix.
  const prefix = publicUrl?.pathname.replace(/\/+$/, "") ?? "";
  if (prefix !== "") app.get(prefix, (context) => context.redirect(`${prefix}/`, 308));
  return app;
}

function answer({ html, headers }: PageDocument, known: string | undefined): Response {
  const { etag = "" } = headers;
  if (known?.includes(etag)) return new Response(null, { status: 304, headers });
  return new Response(html, { headers });
}
