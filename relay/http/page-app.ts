import { type Context, Hono } from "hono";
import { operatorDocument, type PageDocument } from "../page/document.ts";
import { joinDocuments, languageOf } from "../page/join-page.ts";
import { PageAssets, type PageFiles } from "../page/page-assets.ts";
import type { ApiEnv } from "./kernel/access.ts";

const NOT_BUILT =
  "The page is not built: run 'npm run page:build' where the relay is, and restart the relay.\n";

/**
 * Returns the app that serves the operator's page at `/`, the page behind an invite's link at `/join`, and their files.
 *
 * @param files the built page; without them, both paths say how to build it
 */
export async function pageApp(
  files: PageFiles | undefined,
  publicUrl: URL | undefined,
): Promise<Hono<ApiEnv>> {
  const app = new Hono<ApiEnv>();
  if (files === undefined) {
    const sayHowToBuild = (context: Context<ApiEnv>) => context.text(NOT_BUILT, 503);
    app.get("/", sayHowToBuild).get("/join", sayHowToBuild);
  } else {
    await servePage(app, files);
  }
  // Relative URLs need a slash after the prefix.
  const prefix = publicUrl?.pathname.replace(/\/+$/, "") ?? "";
  if (prefix !== "") app.get(prefix, (context) => context.redirect(`${prefix}/`, 308));
  return app;
}

async function servePage(app: Hono<ApiEnv>, files: PageFiles): Promise<void> {
  const assets = await PageAssets.of(files);
  const operator = await operatorDocument(assets);
  const join = await joinDocuments(assets);
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
}

function answer({ html, headers }: PageDocument, known: string | undefined): Response {
  const { etag = "" } = headers;
  if (known?.includes(etag)) return new Response(null, { status: 304, headers });
  return new Response(html, { headers });
}
