import { parseAccept } from "hono/utils/accept";
import { joinWords as en } from "../../shared/ui/text/en/join.ts";
import { joinWords as zhCN } from "../../shared/ui/text/zh-cn/join.ts";
import { head, headersOf, type PageDocument } from "./document.ts";
import type { PageAssets } from "./page-assets.ts";

const LANGUAGES = ["en", "zh-Hans"] as const;
type Language = (typeof LANGUAGES)[number];

/**
 * Returns the page behind an invite's link: how to join. The invite's secret is in the link's fragment, which never
 * reaches the relay, so without JavaScript the page can only refer to the opened link.
 */
export async function joinDocuments(assets: PageAssets): Promise<Readonly<Record<Language, PageDocument>>> {
  const documentIn = async (language: Language) => {
    const html = documentOf(assets, language);
    const headers = { ...(await headersOf(html)), "content-language": language, vary: "accept-language" };
    return { html, headers };
  };
  return { en: await documentIn("en"), "zh-Hans": await documentIn("zh-Hans") };
}

const BY_SUBTAG: ReadonlyMap<string, Language> = new Map([
  ["en", "en"],
  ["zh", "zh-Hans"],
]);

/** Number of characters read of an Accept-Language header: browsers send far fewer. */
const HEADER_LENGTH = 1_024;

/** Returns the preferred one of the two languages for an Accept-Language header (RFC 9110 section 12.5.4). */
export function languageOf(header: string): Language {
  let best: Language = "en";
  let weight = 0;
  for (const { type, q } of parseAccept(header.slice(0, HEADER_LENGTH))) {
    const language = BY_SUBTAG.get(primarySubtag(type));
    if (language === undefined || !(q > weight)) continue;
    best = language;
    weight = q;
  }
  return best;
}

/** Returns the primary language of a tag such as `zh-Hans-CN` (RFC 5646 section 2.1), in lower case. */
function primarySubtag(tag: string): string {
  return tag.split("-", 1)[0]?.toLowerCase() ?? "";
}

const TEXTS = { en, "zh-Hans": zhCN } as const;

function documentOf(assets: PageAssets, language: Language): string {
  const text = TEXTS[language];
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${text.title}</title>
${head(assets)}
<script type="module" src="${assets.url("join.js")}"></script>
</head>
<body class="join">
<main>
<p class="brand"><img src="${assets.url("icon.svg")}" alt="" width="26" height="26">Laneway</p>
<h1>${text.heading}</h1>
<p class="lead">${text.lead}</p>
<p id="incomplete" class="problem" role="alert" hidden>${text.incomplete}</p>
<section id="app" aria-labelledby="app-heading" hidden>
<h2 id="app-heading">${text.app}</h2>
<p><a id="open" class="button primary" href="laneway:">${text.openApp}</a></p>
</section>
<section id="install" aria-labelledby="install-heading" hidden>
<h2 id="install-heading">${text.commandLine}</h2>
<p>${text.installLine}</p>
<div class="command"><pre></pre><button type="button" class="button" data-copied="${text.copied}" hidden>${text.copy}</button></div>
</section>
<section id="download" aria-labelledby="download-heading" hidden>
<h2 id="download-heading">${text.download}</h2>
<p><a class="button primary" download></a></p>
</section>
<section id="steps" aria-labelledby="command-line">
<h2 id="command-line">${text.commandLine}</h2>
<ol>
<li><p>${text.get}</p></li>
<li><p>${text.join}</p>
<div id="join" class="command"><pre id="command">npx laneway join '${text.placeholder}'</pre><button type="button" class="button" data-copied="${text.copied}" hidden>${text.copy}</button></div>
<p id="paste" class="hint">${text.paste}</p></li>
<li><p>${text.up}</p>
<div class="command"><pre>npx laneway up</pre></div></li>
</ol>
</section>
<p class="note">${text.secret}</p>
<p id="told" class="unseen" role="status"></p>
</main>
</body>
</html>
`;
}
