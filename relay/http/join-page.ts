import { Hono } from "hono";
import type { ApiEnv } from "./access.ts";

/**
 * What an invite's link shows in a browser: how to join. The invite's secret is in the link's fragment, which does not
 * come here, so without JavaScript the page can only say to use the link that was opened.
 */
export function joinPage(): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.get("/join", () => page(HTML, "text/html; charset=utf-8"));
  app.get("/join.js", () => page(SCRIPT, "text/javascript; charset=utf-8"));
  return app;
}

function page(content: string, type: string): Response {
  return new Response(content, {
    headers: {
      "content-type": type,
      "content-security-policy":
        "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "cache-control": "no-cache",
    },
  });
}

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Join a Laneway network</title>
<style>
:root { color-scheme: light dark; }
body { max-width: 42rem; margin: 3rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
pre { padding: 1rem; border: 1px solid; border-radius: .4rem; white-space: pre-wrap; overflow-wrap: anywhere; }
</style>
</head>
<body>
<main>
<h1>You are invited to a network</h1>
<ol>
<li>Get Laneway on the machine that is to join: check it out and run <code>npm install</code> there.</li>
<li>Join with the link that you opened, the whole of it:
<pre id="command">laneway join 'LINK'</pre></li>
<li>Bring the network up, as root: <pre>laneway up</pre></li>
</ol>
<p>The link is a key: whoever has it can join in your place. Keep it to yourself.</p>
</main>
<script src="join.js"></script>
</body>
</html>
`;

/** Only shows the command with the link in it; a link that could end the quotes is left alone. */
const SCRIPT = `"use strict";
if (/^#v1\\.[a-z0-9-]+\\.[A-Za-z0-9_-]+$/.test(location.hash) && !location.href.includes("'")) {
  document.getElementById("command").textContent = "laneway join '" + location.href + "'";
}
`;
