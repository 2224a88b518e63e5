import { expect, it } from "vitest";
import { pageApp } from "../../../relay/http/page-app.ts";

it.each(["/", "/join"])("says in one line at %s how to build the page, if it is not built", async (path) => {
  const app = await pageApp(undefined, undefined);
  const response = await app.request(path);
  expect(response.status).toBe(503);
  expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
  expect(await response.text()).toMatch(/^.*npm run page:build.*\n$/);
});
