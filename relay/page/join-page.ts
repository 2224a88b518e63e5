import { parseAccept } from "hono/utils/accept";
import { head, headersOf, type PageDocument } from "./document.ts";
import type { PageAssets } from "./page-assets.ts";

const LANGUAGES = ["en", "zh-Hans"] as const;
type Language = (typeof LANGUAGES)[number];

/**
 * What an invite's link shows in a browser: how to join. The invite's secret is in the link's fragment, which does not
 * come here, so without JavaScript the page can only say to use the link that was opened.
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

/** Characters of an Accept-Language header that are read: browsers send far fewer. */
const HEADER_LENGTH = 1_024;

/** The language of the two that an Accept-Language header would rather have (RFC 9110 section 12.5.4). */
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

/** The language itself of a tag such as `zh-Hans-CN` (RFC 5646 section 2.1), in lower case. */
function primarySubtag(tag: string): string {
  return tag.split("-", 1)[0]?.toLowerCase() ?? "";
}

interface JoinText {
  readonly title: string;
  readonly heading: string;
  readonly lead: string;
  readonly app: string;
  readonly openApp: string;
  readonly commandLine: string;
  /** Has `<code>`, as the others below. */
  readonly get: string;
  readonly join: string;
  readonly placeholder: string;
  readonly up: string;
  readonly copy: string;
  readonly copied: string;
  readonly paste: string;
  readonly incomplete: string;
  readonly secret: string;
}

const TEXTS: Readonly<Record<Language, JoinText>> = {
  en: {
    title: "Join a Laneway network",
    heading: "You are invited to a network",
    lead: "Laneway puts this machine on a private Ethernet segment, wherever it is, and needs nothing but HTTPS to get there.",
    app: "With the desktop app",
    openApp: "Open in Laneway",
    commandLine: "With the command line, on Linux",
    get: "Get Laneway on the machine that is to join: with Node 20 or later, run <code>npm ci</code> in a checkout of it. There, <code>npx laneway</code> is the command.",
    join: "Join, as root, with the link that you opened, the whole of it:",
    placeholder: "LINK",
    up: "Bring the network up, as root:",
    copy: "Copy",
    copied: "Copied",
    paste:
      "In place of <code>LINK</code>, paste the address of this page, with all that follows the <code>#</code>.",
    incomplete: "This link is not complete: ask whoever sent it for the whole of it.",
    secret: "The link is a key: whoever has it can join in your place. Keep it to yourself.",
  },
  "zh-Hans": {
    title: "加入 Laneway 网络",
    heading: "您受邀加入一个网络",
    lead: "无论这台机器在哪里，Laneway 都能把它接入一个专用的以太网段，只需要 HTTPS。",
    app: "使用桌面应用",
    openApp: "在 Laneway 中打开",
    commandLine: "使用命令行（Linux）",
    get: "在要加入的机器上获取 Laneway：需要 Node 20 或更高版本，在代码检出目录中运行 <code>npm ci</code>，之后命令为 <code>npx laneway</code>。",
    join: "以 root 身份，用您打开的完整链接加入：",
    placeholder: "链接",
    up: "以 root 身份启用网络：",
    copy: "复制",
    copied: "已复制",
    paste: "请用本页的完整地址（包括 <code>#</code> 之后的全部内容）替换<code>链接</code>。",
    incomplete: "此链接不完整：请向发送者索取完整链接。",
    secret: "此链接就是钥匙：任何得到它的人都能代替您加入。请妥善保管。",
  },
};

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
<section aria-labelledby="command-line">
<h2 id="command-line">${text.commandLine}</h2>
<ol>
<li><p>${text.get}</p></li>
<li><p>${text.join}</p>
<div class="command"><pre id="command">npx laneway join '${text.placeholder}'</pre><button id="copy" type="button" class="button" data-copied="${text.copied}" hidden>${text.copy}</button></div>
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
