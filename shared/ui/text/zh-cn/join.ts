import type { Catalogue } from "../catalogue.ts";
import type { joinWords as english } from "../en/join.ts";

/** The words of the join page in Simplified Chinese. */
export const joinWords: Catalogue<typeof english> = {
  title: "加入 Laneway 网络",
  heading: "您受邀加入一个网络",
  lead: "无论这台机器在哪里，Laneway 都能通过 HTTPS 将它接入一个专用的以太网段。",
  app: "使用桌面应用",
  openApp: "在 Laneway 中打开",
  commandLine: "使用命令行（Linux）",
  installLine: "将此行粘贴到终端中运行：它会从此中继安装 Laneway，加入网络并启用。",
  download: "获取桌面应用",
  get: "在要加入的机器上安装 Laneway：检出代码仓库，在其中运行 <code>npm ci</code>（需要 Node 20 或更高版本），之后使用命令 <code>npx laneway</code>。",
  join: "以 root 身份，用您打开的完整链接加入：",
  placeholder: "链接",
  up: "以 root 身份启用网络：",
  copy: "复制",
  copied: "已复制",
  paste: "请用本页的完整地址（包括 <code>#</code> 之后的全部内容）替换<code>链接</code>。",
  incomplete: "此链接不完整：请向发送者索取完整链接。",
  secret: "此链接相当于密钥：任何得到它的人都能以您的身份加入。请妥善保管。",
};
