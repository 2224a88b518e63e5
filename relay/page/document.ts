import { type PageAssets, sha256 } from "./page-assets.ts";

/** An HTML document with its headers. */
export interface PageDocument {
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Returns the operator's page: almost empty, because its script renders it. URLs are relative, for any path prefix. */
export async function operatorDocument(assets: PageAssets): Promise<PageDocument> {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Laneway</title>
${head(assets)}
<script type="module" src="${assets.url("main.js")}"></script>
</head>
<body>
<noscript><p class="noscript">This page needs JavaScript. Everything it does, the command <code>laneway</code> does too.</p></noscript>
</body>
</html>
`;
  return { html, headers: await headersOf(html) };
}

/** Returns the head of every page: the theme before the first paint, and the styles. */
export function head(assets: PageAssets): string {
  const styles = assets.paths(".css").map((path) => `<link rel="stylesheet" href="${assets.url(path)}">`);
  return [
    `<link rel="icon" href="${assets.url("icon.svg")}" type="image/svg+xml">`,
    ...styles,
    `<script src="${assets.url("theme.js")}"></script>`,
  ].join("\n");
}

/** Returns the headers of a page. Its content security policy allows only the relay's scripts. */
export async function headersOf(html: string): Promise<Record<string, string>> {
  return {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ].join("; "),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
    etag: `"${(await hashOf(html)).slice(0, 22)}"`,
  };
}

/** Returns the SHA-256 of a text in base64. */
async function hashOf(text: string): Promise<string> {
  return btoa(String.fromCharCode(...(await sha256(text))));
}
